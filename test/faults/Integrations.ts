import { Effect, Schema } from "effect"
import * as Gateway from "../support/Gateway.ts"
import type { Callbacks } from "./Callbacks.ts"
import type { Destination } from "./Kinds.ts"

/** A source of webhooks: how it signs, how often it is meant, and where its webhooks go. */
export interface Integration {
  readonly slug: string
  readonly provider: "hmac" | "standard-webhooks"
  /** Its share of the load. */
  readonly share: number
  /**
   * The destinations in the order of their making. Whom `above` is said of wants only larger amounts, and `concurrency` is
   * how many calls it takes at a time.
   */
  readonly destinations: ReadonlyArray<
    { readonly name: Destination; readonly above?: number; readonly concurrency?: number }
  >
}

export const integrations: readonly [Integration, ...Array<Integration>] = [
  { slug: "orders", provider: "hmac", share: 0.3, destinations: [{ name: "ledger" }, { name: "audit" }] },
  { slug: "payments", provider: "standard-webhooks", share: 0.3, destinations: [{ name: "billing" }] },
  {
    slug: "stock",
    provider: "hmac",
    share: 0.15,
    destinations: [{ name: "search" }, { name: "cache", concurrency: 16 }, { name: "large-items", above: 500 }]
  },
  { slug: "news", provider: "standard-webhooks", share: 0.25, destinations: [{ name: "mail" }] }
]

export const secretOf = ({ provider, slug }: Integration): string =>
  provider === "hmac" ? `the-secret-of-${slug}` : `whsec_${Buffer.from(`${slug}`.padEnd(24, "-")).toString("base64")}`

/** The integration that a share of the load, from 0 to 1, falls to. */
export const pick = (share: number): Integration => {
  let left = share
  for (const integration of integrations) {
    left -= integration.share
    if (left < 0) return integration
  }
  return integrations[0]
}

/** The secrets with which the gateway signs what it sends. */
export type SigningSecrets = ReadonlyMap<Destination, string>

/** Makes them over the management API, as an operator does. */
export const create = (base: string, callbacks: Callbacks): Effect.Effect<SigningSecrets> =>
  Effect.forEach(integrations, (integration) =>
    Effect.gen(function*() {
      const { manage } = Gateway.at(base)
      const created = yield* manage("/integrations", {
        slug: integration.slug,
        name: integration.slug,
        provider: integration.provider,
        secrets: [secretOf(integration)],
        ...(integration.provider === "hmac"
          ? { rateLimitPerMinute: 1_000_000, dedupe: { header: "x-id" } }
          : { rateLimitPerMinute: null })
      })
      const { id } = yield* Schema.decodeUnknown(Created)(created.json)
      return yield* Effect.forEach(integration.destinations, ({ above, concurrency = null, name }) =>
        manage(`/integrations/${id}/destinations`, {
          url: callbacks.urlOf(name),
          concurrency,
          ...(above === undefined ? {} : { filter: { rules: [{ path: "$.amount", op: "gt", value: above }] } })
        }).pipe(
          Effect.flatMap(({ json }) =>
            Schema.decodeUnknown(CreatedDestination)(json)
          ),
          Effect.map(({ signingSecret }) => [name, signingSecret] as const)
        ))
    })).pipe(Effect.map((secrets) => new Map(secrets.flat())), Effect.orDie)

const Created = Schema.Struct({ id: Schema.String })
const CreatedDestination = Schema.Struct({ id: Schema.String, signingSecret: Schema.String })
