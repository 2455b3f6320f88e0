import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Conflict, Invalid, NotFound } from "../domain/Errors.ts"
import * as Hint from "../domain/Hint.ts"
import { type DestinationId, IntegrationId } from "../domain/Ids.ts"
import {
  CustomResponse,
  type Integration,
  type IntegrationInput,
  type IntegrationPatch
} from "../domain/Integration.ts"
import { Options } from "../domain/providers/Provider.ts"
import { Override } from "../domain/verification/Naming.ts"
import { Scheme } from "../domain/verification/Scheme.ts"
import type { Fate, Waiting } from "../domain/Waiting.ts"
import { Destinations } from "./Destinations.ts"
import * as Ids from "./Ids.ts"
import * as IntegrationChange from "./IntegrationChange.ts"
import * as Problems from "./IntegrationProblems.ts"
import * as PatchProblems from "./PatchProblems.ts"
import { IntegrationStore } from "./store/IntegrationStore.ts"
import { SecretStore } from "./store/SecretStore.ts"
import { isStoreError, type StoreError } from "./store/Store.ts"
import { WaitingStore } from "./store/WaitingStore.ts"
import { Vault } from "./Vault.ts"

/** An integration with the signing secret of its first destination, which is shown once. */
export interface Created {
  readonly integration: Integration
  readonly signingSecrets: ReadonlyMap<DestinationId, Redacted.Redacted>
}

/** An integration as it stands then, and what a change of its status means for what waits. */
export interface Changed {
  readonly integration: Integration
  /** Null where its status was not spoken of. */
  readonly waiting: Waiting | null
}

/** The sources of webhooks, as operators steer them. `actor` goes into the audit. */
export class Integrations extends Context.Tag("sluice/services/Integrations")<Integrations, {
  readonly create: (actor: string, input: IntegrationInput) => Effect.Effect<Created, Invalid | Conflict | StoreError>
  /** The id behind an id or slug; behind an id also where the integration is deleted, whose past can still be looked at. */
  readonly idOf: (reference: string) => Effect.Effect<IntegrationId, NotFound | StoreError>
  /** By id or slug. */
  readonly get: (reference: string) => Effect.Effect<Integration, NotFound | StoreError>
  /** Newest first, those before the cursor. */
  readonly list: (
    page: { readonly before: Option.Option<string>; readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<Integration>, StoreError>
  /** Where it is disabled nothing more is accepted; what was accepted before is still delivered. */
  readonly update: (
    actor: string,
    id: IntegrationId,
    patch: IntegrationPatch
  ) => Effect.Effect<Changed, NotFound | Invalid | Conflict | StoreError>
  /** Nothing more is accepted; what waits for its destinations is cancelled by the workers, and it is told how much that is. */
  readonly remove: (actor: string, id: IntegrationId) => Effect.Effect<Waiting, NotFound | StoreError>
}>() {
  static readonly layer = Layer.effect(Integrations, Effect.suspend(() => make))
}

const json = <A, I>(schema: Schema.Schema<A, I>) => {
  const encode = Schema.encodeSync(Schema.parseJson(schema))
  return (value: A | null | undefined): string | null | undefined =>
    value === null ? null : value === undefined ? undefined : encode(value)
}
const overrideJson = json(Override)
const responseJson = json(CustomResponse)
const schemeJson = json(Scheme)
const optionsJson = Schema.encodeSync(Schema.parseJson(Options))

const make = Effect.gen(function*() {
  const destinations = yield* Destinations
  const secrets = yield* SecretStore
  const store = yield* IntegrationStore
  const vault = yield* Vault
  const change = yield* IntegrationChange.make
  const patchProblems = PatchProblems.make(secrets, vault)
  const waiting = yield* WaitingStore

  const waitingFor = ({ destinations }: Integration, fate: Fate) =>
    Effect.map(waiting.count(destinations.map((_) => _.id)), (count): Waiting => ({ ...count, fate }))

  const get = Effect.fn("Integrations.get")(function*(reference: string) {
    return yield* Option.match(yield* store.find(reference), {
      onNone: () => new NotFound({ message: "There is no such integration." }),
      onSome: Effect.succeed
    })
  })

  const sealToken = (id: string, token: Redacted.Redacted | null | undefined) =>
    token === null || token === undefined ? Effect.succeed(token) : vault.seal(`verify-token:${id}`, token)

  const addSecret = Effect.fnUntraced(function*(integrationId: string, secret: Redacted.Redacted) {
    const id = yield* Ids.next
    const envelope = yield* vault.seal(`secret:${id}`, secret)
    const always = { validFrom: Option.none(), validUntil: Option.none() }
    yield* secrets.insert({ id, integrationId, envelope, hint: Hint.of(secret), ...always })
  })

  return Integrations.of({
    get,
    idOf: Effect.fn("Integrations.idOf")(function*(reference) {
      return yield* Option.match(yield* store.idOf(reference), {
        onNone: () => new NotFound({ message: "There is no such integration." }),
        onSome: Effect.succeed
      })
    }),
    list: store.list,

    create: Effect.fn("Integrations.create")(function*(actor, input) {
      const problems = Problems.ofInput(input)
      if (problems.length > 0) return yield* new Invalid({ details: problems })
      const id = IntegrationId.make(yield* Ids.next)
      const created = Effect.gen(function*() {
        yield* store.insert({
          id,
          slug: input.slug,
          name: input.name,
          provider: input.provider,
          options: optionsJson(input.options ?? {}),
          rateLimitPerMinute: input.rateLimitPerMinute,
          dedupe: overrideJson(input.dedupe),
          eventType: overrideJson(input.eventType),
          response: responseJson(input.response),
          scheme: schemeJson(input.scheme) ?? undefined,
          verifyTokenEnvelope: yield* sealToken(id, input.verifyToken)
        })
        yield* Effect.forEach(input.secrets, (secret) => addSecret(id, secret), { discard: true })
        const bare = yield* get(id)
        if (input.callbackUrl === undefined) {
          return { integration: bare, signingSecrets: new Map<DestinationId, Redacted.Redacted>() }
        }
        const { destination, signingSecret } = yield* destinations.create(actor, bare, { url: input.callbackUrl }).pipe(
          Effect.catchTag(
            "Invalid",
            ({ details }) => new Invalid({ details: details.map((_) => ({ ..._, path: "callbackUrl" })) })
          )
        )
        return {
          integration: { ...bare, destinations: [destination] },
          signingSecrets: new Map([[destination.id, signingSecret]])
        }
      })
      return yield* change({ actor, action: "integration.created", id }, () => created).pipe(
        Effect.catchIf(isConflict, () => taken(input.slug)),
        // What was inserted a moment ago is there.
        Effect.catchTag("NotFound", Effect.die)
      )
    }),

    update: Effect.fn("Integrations.update")(function*(actor, id, patch) {
      const { verifyToken, ...plain } = patch
      const columns = {
        ...plain,
        dedupe: overrideJson(patch.dedupe),
        eventType: overrideJson(patch.eventType),
        response: responseJson(patch.response),
        options: patch.options === undefined ? undefined : optionsJson(patch.options),
        scheme: schemeJson(patch.scheme) ?? undefined,
        verifyTokenEnvelope: yield* sealToken(id, verifyToken)
      }
      const updated = Effect.gen(function*() {
        const problems = yield* patchProblems(yield* get(id), patch)
        if (problems.length > 0) return yield* new Invalid({ details: problems })
        yield* store.update(id, columns)
        return yield* get(id)
      })
      const changed = yield* change({ actor, action: "integration.updated", id }, () => updated, notedToken(patch))
        .pipe(
          Effect.catchIf(isConflict, () => taken(patch.slug ?? ""))
        )
      return {
        integration: changed,
        waiting: patch.status === undefined ? null : yield* waitingFor(changed, "delivered")
      }
    }),

    remove: Effect.fn("Integrations.remove")(function*(actor, id) {
      const cancelled = yield* waitingFor(yield* get(id), "cancelled")
      yield* change({ actor, action: "integration.deleted", id }, () => Effect.zipRight(get(id), store.remove(id)))
      return cancelled
    })
  })
})

// One for another looks like none for none.
const notedToken = ({ verifyToken }: IntegrationPatch) => (before: Option.Option<Integration>) =>
  Redacted.isRedacted(verifyToken) && Option.exists(before, (_) => _.hasVerifyToken)
    ? { verifyToken: "set anew" }
    : {}

const isConflict = (error: unknown): error is StoreError => isStoreError(error) && error.reason === "Conflict"

const taken = (slug: string) => new Conflict({ message: `The slug "${slug}" is taken by another integration.` })
