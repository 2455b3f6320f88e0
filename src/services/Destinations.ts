import { Context, Effect, Layer, Option, type Redacted, Schema } from "effect"
import { randomBytes } from "node:crypto"
import type { Destination, DestinationInput, DestinationPatch, DestinationStatus } from "../domain/Destination.ts"
import { Conflict, type Invalid, invalid, NotFound } from "../domain/Errors.ts"
import { Filter } from "../domain/Filter.ts"
import * as Hint from "../domain/Hint.ts"
import type { DestinationId, IntegrationId } from "../domain/Ids.ts"
import type { Integration } from "../domain/Integration.ts"
import { Choice, schemeOf } from "../domain/providers/Providers.ts"
import { RetryOverrides } from "../domain/RetryPolicy.ts"
import * as Signing from "../domain/Signing.ts"
import type { Fate, Waiting } from "../domain/Waiting.ts"
import * as DestinationChange from "./DestinationChange.ts"
import * as Ids from "./Ids.ts"
import { CallbackClient } from "./ports/CallbackClient.ts"
import { Settings } from "./Settings.ts"
import { DestinationStore } from "./store/DestinationStore.ts"
import { IntegrationStore } from "./store/IntegrationStore.ts"
import type { StoreError } from "./store/Store.ts"
import { WaitingStore } from "./store/WaitingStore.ts"
import { Vault } from "./Vault.ts"

/** A destination with its signing secret, which is shown once. */
export interface Created {
  readonly destination: Destination
  readonly signingSecret: Redacted.Redacted
}

/** A destination as it stands then, and what a change of its status means for what waits for it. */
export interface Changed {
  readonly destination: Destination
  /** Null where its status was not spoken of. */
  readonly waiting: Waiting | null
}

/** Where an integration's events go, as operators steer it. `actor` goes into the audit. */
export class Destinations extends Context.Tag("sluice/services/Destinations")<Destinations, {
  readonly create: (
    actor: string,
    integration: Pick<Integration, "id" | "provider" | "options" | "scheme">,
    input: DestinationInput
  ) => Effect.Effect<Created, NotFound | Invalid | Conflict | StoreError>
  readonly listOf: (integrationId: IntegrationId) => Effect.Effect<ReadonlyArray<Destination>, StoreError>
  readonly get: (id: DestinationId) => Effect.Effect<Destination, NotFound | StoreError>
  readonly update: (
    actor: string,
    id: DestinationId,
    patch: DestinationPatch
  ) => Effect.Effect<Changed, NotFound | Invalid | StoreError>
  /**
   * `paused` and `disabled` hold its deliveries from their next turn on, `active` releases them. Audited where it was not so
   * already.
   */
  readonly setStatus: (
    actor: string,
    id: DestinationId,
    status: DestinationStatus
  ) => Effect.Effect<Changed, NotFound | StoreError>
  /** What waits for it is cancelled by the workers; it is told how much that is. */
  readonly remove: (actor: string, id: DestinationId) => Effect.Effect<Waiting, NotFound | StoreError>
}>() {
  static readonly layer = Layer.effect(Destinations, Effect.suspend(() => make))
}

// Each event is stored with a delivery for every one of them.
const mostOfOne = 100
const full = new Conflict({
  message:
    `The integration has ${mostOfOne} destinations, and no more are possible: delete one, or let a callback fan out.`
})

const fates = { active: "released", paused: "held", disabled: "held" } as const
const json = <A, I>(schema: Schema.Schema<A, I>) => Schema.encodeSync(Schema.parseJson(schema))
const filterJson = json(Filter)
const policyJson = json(RetryOverrides)

const make = Effect.gen(function*() {
  const change = yield* DestinationChange.make
  const client = yield* CallbackClient
  const integrations = yield* IntegrationStore
  const { retryPolicy } = yield* Settings
  const store = yield* DestinationStore
  const vault = yield* Vault
  const waiting = yield* WaitingStore

  const waitingFor = (id: DestinationId, fate: Fate) =>
    Effect.map(waiting.count([id]), (count): Waiting => ({ ...count, fate }))

  const check = (url: string) => Effect.mapError(client.check(url), (problem) => invalid("url", problem))
  const checkPolicy = (overrides: RetryOverrides = {}) => {
    const { baseDelayMs, maxDelayMs } = { ...retryPolicy, ...overrides }
    return baseDelayMs <= maxDelayMs ? Effect.void : invalid(
      overrides.maxDelayMs === undefined ? "retryPolicy.baseDelayMs" : "retryPolicy.maxDelayMs",
      `makes every retry as late as the longest delay: that is ${maxDelayMs} ms, and the first one ${baseDelayMs} ms`
    )
  }
  // Whoever adds one to the same integration waits for the count, and whoever deletes it for the destination.
  const room = (integrationId: IntegrationId) =>
    Effect.zipRight(
      Effect.filterOrFail(
        integrations.lock(integrationId),
        (found) => found,
        () => new NotFound({ message: "There is no such integration." })
      ),
      Effect.filterOrFail(store.listOf(integrationId), (all) => all.length < mostOfOne, () => full)
    )
  const missing = (id: DestinationId) => new NotFound({ message: `There is no destination ${id}.` })

  const required = (id: DestinationId) =>
    Effect.flatMap(Option.match({ onNone: () => missing(id), onSome: Effect.succeed<Destination> }))

  return Destinations.of({
    create: Effect.fn("Destinations.create")(function*(actor, integration, input) {
      yield* check(input.url)
      yield* checkPolicy(input.retryPolicy)
      const id = yield* Ids.next
      const signingSecret = Signing.secretOf(randomBytes(Signing.secretBytes))
      const columns = {
        id,
        integrationId: integration.id,
        url: input.url,
        filter: filterJson(input.filter ?? {}),
        retryPolicy: policyJson(input.retryPolicy ?? {}),
        signatureNames: input.signatureNames ?? defaultNames(integration),
        concurrency: input.concurrency ?? null,
        rateLimitPerMinute: input.rateLimitPerMinute ?? null,
        signingEnvelope: yield* vault.seal(`signing:${id}`, signingSecret)
      }
      const destination = yield* change(
        room(integration.id).pipe(
          Effect.zipRight(store.insert(columns)),
          Effect.zipRight(Effect.flatten(store.find(id))),
          Effect.catchTag("NoSuchElementException", Effect.die)
        ),
        { actor, action: "destination.created", id, detail: {}, set: { signingSecret: Hint.of(signingSecret) } }
      )
      return { destination, signingSecret }
    }),

    listOf: store.listOf,

    get: Effect.fn("Destinations.get")((id) => store.find(id).pipe(required(id))),

    update: Effect.fn("Destinations.update")(function*(actor, id, patch) {
      if (patch.url !== undefined) yield* check(patch.url)
      yield* checkPolicy(patch.retryPolicy)
      const columns = {
        url: patch.url,
        status: patch.status,
        signatureNames: patch.signatureNames,
        concurrency: patch.concurrency,
        rateLimitPerMinute: patch.rateLimitPerMinute,
        filter: patch.filter === undefined ? undefined : filterJson(patch.filter),
        retryPolicy: patch.retryPolicy === undefined ? undefined : policyJson(patch.retryPolicy)
      }
      const destination = yield* change(store.update(id, columns).pipe(required(id)), {
        actor,
        action: "destination.updated",
        id,
        detail: {}
      })
      return { destination, waiting: patch.status === undefined ? null : yield* waitingFor(id, fates[patch.status]) }
    }),

    setStatus: Effect.fn("Destinations.setStatus")(function*(actor, id, status) {
      const destination = yield* change(Effect.flatten(store.setStatus(id, status)), {
        actor,
        action: `destination.${status}`,
        id,
        detail: {}
      }).pipe(
        // It is so already, or it is not there.
        Effect.catchTag("NoSuchElementException", () => store.find(id).pipe(required(id)))
      )
      return { destination, waiting: yield* waitingFor(id, fates[status]) }
    }),

    remove: Effect.fn("Destinations.remove")((actor, id) =>
      Effect.zipLeft(
        waitingFor(id, "cancelled"),
        change(Effect.filterOrFail(store.remove(id), (found) => found, () => missing(id)), {
          actor,
          action: "destination.deleted",
          id,
          detail: {}
        })
      )
    )
  })
})

const decodeChoice = Schema.decodeUnknownOption(Choice, { onExcessProperty: "error" })

// A provider that signs under the same names must reach the callback as it was.
const defaultNames = (
  { options, provider, scheme }: Pick<Integration, "provider" | "options" | "scheme">
): Signing.SignatureNames => {
  const carriesItsOwn = Option.match(decodeChoice({ options, provider, scheme }), {
    onNone: () => true,
    onSome: (choice) =>
      schemeOf(choice).proofs.some((proof) =>
        "at" in proof && proof.at.some((source) => "header" in source && source.header === "webhook-signature")
      )
  })
  return carriesItsOwn ? "sluice" : "webhook"
}
