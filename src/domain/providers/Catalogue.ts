import { Array, Option, Record, Schema } from "effect"
import { signsUrl } from "../verification/Scheme.ts"
import * as SecretShape from "../verification/SecretShape.ts"
import { Options, type Provider } from "./Provider.ts"
import { ProviderId, providers } from "./Providers.ts"

/** What a user has to know to set a provider up; a form can be built from it. */
export const Entry = Schema.Struct({
  id: ProviderId,
  title: Schema.String,
  /** Where the provider documents its signatures. */
  docs: Schema.String,
  /** A: the provider's own code, pages or vectors. B: third parties. C: not verified. */
  certainty: Schema.Literal("A", "B", "C"),
  source: Schema.String,
  note: Schema.NullOr(Schema.String),
  /** What the secret looks like; null where none is needed. */
  secret: Schema.NullOr(Schema.String),
  /** How a webhook is proven. */
  provenBy: Schema.Array(Schema.Literal("hmac", "public-key", "certificate", "token", "basic", "none")),
  /** Whether PUBLIC_BASE_URL must be what the provider calls. */
  signsUrl: Schema.Boolean,
  /** Whether an integration needs a verify token. */
  needsVerifyToken: Schema.Boolean,
  /** Whether the provider asks before it sends, which is answered. */
  hasHandshake: Schema.Boolean,
  /** Options that an integration may set. */
  options: Schema.Array(Schema.Literal(...Record.keys(Options.fields))),
  /** Whether it sends again what is not accepted; null where that is not known. */
  retries: Schema.NullOr(Schema.Boolean),
  /** How many seconds it waits for an answer; null where that is not known. */
  answersWithinSeconds: Schema.NullOr(Schema.Number)
})
export type Entry = typeof Entry.Type

const entryOf = (id: ProviderId, provider: Provider): Entry => {
  const scheme = provider.scheme({})
  return {
    id,
    title: provider.title,
    docs: provider.docs,
    certainty: provider.certainty,
    source: provider.source,
    note: provider.note ?? null,
    secret: Option.getOrNull(SecretShape.describe(scheme)),
    provenBy: Array.dedupe(scheme.proofs.map(({ kind }) => kind)),
    signsUrl: signsUrl(scheme),
    needsVerifyToken: scheme.handshakes.some(({ provenBy }) => typeof provenBy === "object"),
    hasHandshake: scheme.handshakes.length > 0,
    options: provider.reads,
    retries: provider.manners?.retries ?? null,
    answersWithinSeconds: provider.manners?.waits ?? null
  }
}

const custom: Entry = {
  id: "custom",
  title: "A scheme of your own",
  docs: "/docs",
  certainty: "A",
  source: "the integration itself",
  note:
    "The integration's `scheme` says how webhooks are signed and named, in the language that all providers are written in.",
  secret: "what the scheme says",
  provenBy: ["hmac", "public-key", "token", "basic", "none"],
  signsUrl: false,
  needsVerifyToken: false,
  hasHandshake: false,
  options: [],
  retries: null,
  answersWithinSeconds: null
}

/** All providers, in the order in which they are listed. */
export const entries: ReadonlyArray<Entry> = [
  ...Record.toEntries(providers).map(([id, provider]) => entryOf(id, provider)),
  custom
]
