import { Context, DateTime, Duration, Effect, Layer, Option, type Redacted } from "effect"
import { randomBytes } from "node:crypto"
import type { Destination } from "../domain/Destination.ts"
import { Conflict, NotFound } from "../domain/Errors.ts"
import * as Hint from "../domain/Hint.ts"
import type { DestinationId } from "../domain/Ids.ts"
import * as Signing from "../domain/Signing.ts"
import * as DestinationChange from "./DestinationChange.ts"
import { DestinationStore } from "./store/DestinationStore.ts"
import type { StoreError } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/** A destination's next signing secret, which is shown once. */
export interface Rotated {
  readonly signingSecret: Redacted.Redacted
  /** Until when the one before signs too; none: it does no more. */
  readonly overlapUntil: Option.Option<DateTime.Utc>
}

/** By what the gateway signs for destinations. `actor` goes into the audit. */
export class SigningSecrets extends Context.Tag("sluice/services/SigningSecrets")<SigningSecrets, {
  /** From now on a new one signs, and for the overlap the one before too; without an overlap all others end at once. */
  readonly rotate: (
    actor: string,
    id: DestinationId,
    overlap: Duration.Duration
  ) => Effect.Effect<Rotated, NotFound | Conflict | StoreError>
}>() {
  static readonly layer = Layer.effect(SigningSecrets, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const change = yield* DestinationChange.make
  const store = yield* DestinationStore
  const vault = yield* Vault

  return SigningSecrets.of({
    rotate: Effect.fn("SigningSecrets.rotate")(function*(actor, id, overlap) {
      const required = Effect.flatMap(
        Option.match({
          onNone: () => new NotFound({ message: `There is no destination ${id}.` }),
          onSome: Effect.succeed<Destination>
        })
      )
      const signingSecret = Signing.secretOf(randomBytes(Signing.secretBytes))
      const envelope = yield* vault.seal(`signing:${id}`, signingSecret)
      const rotated = Effect.gen(function*() {
        const { signingOverlapUntil: until } = yield* required(store.find(id))
        if (until !== null && Duration.toMillis(overlap) > 0) {
          return yield* new Conflict({
            message: `It is being rotated already, until ${DateTime.formatIso(until)}. Rotate it again then, or with ` +
              "overlapSeconds 0, which ends all secrets before at once."
          })
        }
        return yield* required(store.rotate(id, envelope, overlap))
      })
      const { signingOverlapUntil } = yield* change(rotated, {
        actor,
        action: "destination.signing-rotated",
        id,
        detail: {},
        set: { signingSecret: Hint.of(signingSecret) }
      })
      return { signingSecret, overlapUntil: Option.fromNullable(signingOverlapUntil) }
    })
  })
})
