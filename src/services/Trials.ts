import { Array, Context, Effect, Layer, Option, type Redacted } from "effect"
import { type Conflict, NotFound } from "../domain/Errors.ts"
import type { Integration } from "../domain/Integration.ts"
import type { Verdict } from "../domain/Verdict.ts"
import type { Handshake } from "../domain/verification/Handshake.ts"
import { Request } from "../domain/verification/Request.ts"
import * as AtOnce from "./AtOnce.ts"
import { Directory, type Listed } from "./Directory.ts"
import * as Handshakes from "./Handshakes.ts"
import { latest } from "./Latest.ts"
import * as Pieces from "./Pieces.ts"
import type { ProviderHostError } from "./ports/ProviderHosts.ts"
import { Settings } from "./Settings.ts"
import type { StoreError } from "./store/Store.ts"
import { Verification } from "./Verification.ts"

/** What is tried, as the ingress would have it. */
export interface Tried extends Pick<Request, "method" | "url" | "headers" | "body"> {
  /** Milliseconds since the epoch; none: now. */
  readonly receivedAt: Option.Option<number>
}

/** Dry runs: what the gateway would make of a request. Nothing is stored, answered or told to anybody. */
export class Trials extends Context.Tag("sluice/services/Trials")<Trials, {
  /** Judges by the secrets that are valid now. The limit of webhooks per minute plays no part. */
  readonly run: (
    integration: Integration,
    tried: Tried
  ) => Effect.Effect<Verdict, NotFound | Conflict | StoreError | ProviderHostError>
}>() {
  static readonly layer = Layer.effect(Trials, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const directory = yield* Directory
  const verification = yield* Verification
  const { maxWebhookBytes } = yield* Settings

  const judge = Effect.fnUntraced(function*(listed: Listed, request: Request, now: number, shown: Shown) {
    const unsigned = yield* Handshakes.unsigned(listed, request)
    if (Option.isSome(unsigned)) return shaken(unsigned.value.handshake, null)
    if (request.method !== "POST") {
      return refused({ reason: "not_a_webhook", detail: "Webhooks are sent with POST, and it is no handshake either." })
    }
    const secret = yield* AtOnce.program(verification.verify(listed, request, now))
    const signed = yield* Handshakes.signed(listed, request, secret)
    const proof = shown(secret)
    return Option.isSome(signed)
      ? shaken(signed.value.handshake, proof)
      : { ...believed(proof), events: eventsOf(listed, request, maxWebhookBytes) }
  })

  return Trials.of({
    run: Effect.fn("Trials.run")(function*(integration, { receivedAt, ...fields }) {
      const listed = yield* latest(directory, integration.id)
      if (Option.isNone(listed)) return yield* new NotFound({ message: "There is no such integration." })
      if (fields.body.byteLength > maxWebhookBytes) {
        return refused({ reason: "body_too_large", detail: `The body is larger than ${maxWebhookBytes} bytes.` })
      }
      const now = Math.floor(yield* directory.now)
      // Of what is not sent with POST the ingress reads no body.
      const body = fields.method === "POST" ? fields.body : new Uint8Array()
      const request = new Request({ ...fields, body, receivedAt: Option.getOrElse(receivedAt, () => now) })
      const shown = (secret: Option.Option<Redacted.Redacted>) => secretOf(integration, listed.value, secret)
      return yield* Effect.catchTag(
        judge(listed.value, request, now, shown),
        "Refusal",
        (refusal) => Effect.succeed(refused(refusal))
      )
    })
  })
})

type Shown = (secret: Option.Option<Redacted.Redacted>) => Verdict["secret"]

const secretOf = (
  { secrets }: Integration,
  { idOf }: Listed,
  secret: Option.Option<Redacted.Redacted>
): Verdict["secret"] =>
  Option.getOrNull(
    Option.flatMap(Option.flatMap(secret, idOf), (id) =>
      Option.map(Array.findFirst(secrets, (_) => _.id === id), ({ hint }) => ({ id, hint })))
  )

const nothing: Verdict = { verified: false, reason: null, detail: null, secret: null, handshake: null, events: [] }

const refused = (why: { readonly reason: string; readonly detail: string }): Verdict => ({
  ...nothing,
  reason: why.reason,
  detail: why.detail
})

const believed = (secret: Verdict["secret"]): Verdict => ({ ...nothing, verified: true, secret })

const shaken = ({ provenBy, status }: Handshake, secret: Verdict["secret"]): Verdict => ({
  ...believed(secret),
  handshake: { provenBy: typeof provenBy === "object" ? "verify_token" : provenBy, status }
})

const eventsOf = (listed: Listed, request: Request, maxBytes: number): Verdict["events"] => {
  const pieces = Pieces.of(listed, request, maxBytes)
  return Array.zipWith(pieces, Pieces.names(listed, request, pieces), (piece, names) => ({
    dedupeKey: names.dedupeKey,
    type: Option.getOrNull(names.type),
    providerEventId: Option.getOrNull(names.providerEventId),
    size: piece.body.byteLength,
    destinationIds: Pieces.wanted(listed, names, piece).map((_) => _.id)
  }))
}
