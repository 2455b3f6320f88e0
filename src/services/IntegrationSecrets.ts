import { Context, DateTime, Effect, Layer, Option, Redacted } from "effect"
import { timingSafeEqual } from "node:crypto"
import { Conflict, type Invalid, invalid, NotFound } from "../domain/Errors.ts"
import * as Hint from "../domain/Hint.ts"
import { type IntegrationId, SecretId } from "../domain/Ids.ts"
import { type Integration, maxSecrets, type SecretInfo } from "../domain/Integration.ts"
import type { SecretAddition, SecretPatch } from "../domain/IntegrationSecret.ts"
import { schemeOf } from "../domain/providers/Providers.ts"
import * as SecretWindows from "../domain/SecretWindows.ts"
import * as SecretShape from "../domain/verification/SecretShape.ts"
import * as Ids from "./Ids.ts"
import * as IntegrationChange from "./IntegrationChange.ts"
import * as PatchProblems from "./PatchProblems.ts"
import { IntegrationStore } from "./store/IntegrationStore.ts"
import { SecretStore } from "./store/SecretStore.ts"
import type { StoreError } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/**
 * An integration's secrets, one after another and several at a time. No change leaves a moment without a valid one where
 * the provider's scheme needs one. `actor` goes into the audit.
 */
export class IntegrationSecrets extends Context.Tag("sluice/services/IntegrationSecrets")<IntegrationSecrets, {
  readonly add: (
    actor: string,
    id: IntegrationId,
    addition: SecretAddition
  ) => Effect.Effect<SecretInfo, NotFound | Invalid | Conflict | StoreError>
  readonly change: (
    actor: string,
    id: IntegrationId,
    secretId: SecretId,
    patch: SecretPatch
  ) => Effect.Effect<SecretInfo, NotFound | Invalid | Conflict | StoreError>
  /** From now on it proves nothing, not even what came in before and was refused. */
  readonly remove: (
    actor: string,
    id: IntegrationId,
    secretId: SecretId
  ) => Effect.Effect<void, NotFound | Conflict | StoreError>
}>() {
  static readonly layer = Layer.effect(IntegrationSecrets, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const integrations = yield* IntegrationStore
  const secrets = yield* SecretStore
  const vault = yield* Vault
  const changing = yield* IntegrationChange.make

  const after = (id: IntegrationId) =>
    Effect.flatMap(
      integrations.find(id),
      Option.match({ onNone: () => missing, onSome: (integration) => Effect.succeed(integration) })
    )

  /** Whatever the change does, the provider's webhooks can be verified as long as they could before. */
  const unbroken = Effect.fnUntraced(function*<E>(before: Integration, now: number, change: Effect.Effect<void, E>) {
    yield* change
    const changed = yield* after(before.id)
    if (!(yield* needsSecrets(before))) return changed
    const opened = SecretWindows.opened(before.secrets.map(windowOf), changed.secrets.map(windowOf), now)
    if (Option.isSome(opened)) {
      const from = opened.value <= now ? "now" : DateTime.formatIso(DateTime.unsafeMake(opened.value))
      return yield* new Conflict({
        message:
          `The integration would have no valid secret from ${from} on, and refuse every webhook. Add another one ` +
          "first that is valid then, or delete the integration."
      })
    }
    return changed
  })

  /** Refuses a secret that the integration has already, also one whose time is yet to come. */
  const isNew = Effect.fnUntraced(function*(id: IntegrationId, secret: Redacted.Redacted) {
    for (const live of yield* secrets.live(id)) {
      const known = yield* Effect.option(vault.open(`secret:${live.id}`, live.envelope))
      if (Option.exists(known, (_) => equal(_, secret))) {
        return yield* new Conflict({
          message: `The integration has this very secret already, as ${live.id}: change when that one ends instead.`
        })
      }
    }
  })

  /** Makes room for one more: the one that has been over for the longest goes. */
  const makeRoom = Effect.fnUntraced(function*({ secrets: kept }: Integration, now: number) {
    if (kept.length < maxSecrets) return
    const [oldest] = kept.filter((_) => endOf(_) <= now).toSorted((one, other) => endOf(one) - endOf(other))
    if (oldest === undefined) {
      return yield* new Conflict({
        message: `The integration has ${maxSecrets} secrets, and none that is over: delete one, or wait until one is.`
      })
    }
    yield* secrets.remove(oldest.id)
  })

  /** A change of one of the integration's secrets. */
  const changingOne = <E>(
    change: IntegrationChange.Change,
    secretId: SecretId,
    effect: Effect.Effect<void, E>
  ) =>
    changing(change, (before) =>
      Effect.gen(function*() {
        const integration = yield* Effect.mapError(before, () => new NotFound({ message: noIntegration }))
        if (!integration.secrets.some(({ id }) => id === secretId)) {
          return yield* new NotFound({ message: `The integration has no secret ${secretId}.` })
        }
        return yield* unbroken(integration, yield* integrations.now, effect)
      }))

  return IntegrationSecrets.of({
    add: Effect.fn("IntegrationSecrets.add")((actor, id, addition) =>
      changing({ actor, action: "integration.secret-added", id }, (found) =>
        Effect.gen(function*() {
          const before = yield* Effect.mapError(found, () => new NotFound({ message: noIntegration }))
          const now = yield* integrations.now
          const scheme = schemeOf(yield* PatchProblems.choiceOf(before))
          const misshapen = SecretShape.problem(scheme, addition.secret)
          if (Option.isSome(misshapen)) return yield* invalid("secret", misshapen.value)
          yield* checkTimes(addition, now)
          yield* isNew(id, addition.secret)
          const secretId = SecretId.make(yield* Ids.next)
          const envelope = yield* vault.seal(`secret:${secretId}`, addition.secret)
          const added = Effect.gen(function*() {
            yield* makeRoom(before, now)
            if (addition.expireOthersAt !== undefined) yield* secrets.endAll(id, addition.expireOthersAt)
            yield* secrets.insert({
              id: secretId,
              integrationId: id,
              envelope,
              hint: Hint.of(addition.secret),
              validFrom: Option.fromNullable(addition.validFrom),
              validUntil: Option.fromNullable(addition.validUntil)
            })
          })
          return yield* infoOf(yield* unbroken(before, now, added), secretId)
        }))
    ),

    change: Effect.fn("IntegrationSecrets.change")((actor, id, secretId, { validUntil }) =>
      changingOne(
        { actor, action: "integration.secret-changed", id },
        secretId,
        secrets.end(secretId, Option.fromNullable(validUntil))
      ).pipe(Effect.flatMap((integration) => infoOf(integration, secretId)))
    ),

    remove: Effect.fn("IntegrationSecrets.remove")((actor, id, secretId) =>
      Effect.asVoid(
        changingOne({ actor, action: "integration.secret-deleted", id }, secretId, secrets.remove(secretId))
      )
    )
  })
})

const noIntegration = "There is no such integration."
const missing = new NotFound({ message: noIntegration })

const needsSecrets = (integration: Integration) =>
  Effect.map(PatchProblems.choiceOf(integration), (choice) => Option.isSome(SecretShape.describe(schemeOf(choice))))

const checkTimes = ({ validFrom, validUntil }: SecretAddition, now: number) => {
  if (validUntil === undefined) return Effect.void
  const until = DateTime.toEpochMillis(validUntil)
  if (until <= now) return invalid("validUntil", "has passed already, so the secret would never be valid")
  return validFrom !== undefined && until <= DateTime.toEpochMillis(validFrom)
    ? invalid("validUntil", "is not after validFrom, so the secret would never be valid")
    : Effect.void
}

const windowOf = ({ validFrom, validUntil }: SecretInfo): SecretWindows.Window => ({
  validFrom: DateTime.toEpochMillis(validFrom),
  validUntil: validUntil === null ? null : DateTime.toEpochMillis(validUntil)
})

const endOf = (secret: SecretInfo): number => windowOf(secret).validUntil ?? Number.POSITIVE_INFINITY

const infoOf = ({ secrets }: Integration, id: SecretId) =>
  Effect.orDie(Effect.fromNullable(secrets.find((_) => _.id === id)))

const equal = (one: Redacted.Redacted, other: Redacted.Redacted): boolean => {
  const [a, b] = [Buffer.from(Redacted.value(one)), Buffer.from(Redacted.value(other))]
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}
