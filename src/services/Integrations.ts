import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Conflict, Invalid, NotFound } from "../domain/Errors.ts"
import type { DestinationId, IntegrationId } from "../domain/Ids.ts"
import {
  CustomResponse,
  type Integration,
  type IntegrationInput,
  type IntegrationPatch
} from "../domain/Integration.ts"
import { Options } from "../domain/providers/Provider.ts"
import { decodeChoice, schemeOf } from "../domain/providers/Providers.ts"
import { Override } from "../domain/verification/Naming.ts"
import { Scheme } from "../domain/verification/Scheme.ts"
import { Audit } from "./Audit.ts"
import { Destinations } from "./Destinations.ts"
import { Directory } from "./Directory.ts"
import * as Ids from "./Ids.ts"
import * as Problems from "./IntegrationProblems.ts"
import { IntegrationStore } from "./store/IntegrationStore.ts"
import { isStoreError, type StoreError, transaction } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/** An integration with the signing secret of its first destination, which is shown once. */
export interface Created {
  readonly integration: Integration
  readonly signingSecrets: ReadonlyMap<DestinationId, Redacted.Redacted>
}

/** The sources of webhooks, as operators steer them. `actor` goes into the audit. */
export class Integrations extends Context.Tag("sluice/services/Integrations")<Integrations, {
  readonly create: (actor: string, input: IntegrationInput) => Effect.Effect<Created, Invalid | Conflict | StoreError>
  /** By id or slug. */
  readonly get: (reference: string) => Effect.Effect<Integration, NotFound | StoreError>
  /** Newest first, those before the cursor. */
  readonly list: (
    page: { readonly before: Option.Option<string>; readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<Integration>, StoreError>
  readonly update: (
    actor: string,
    id: IntegrationId,
    patch: IntegrationPatch
  ) => Effect.Effect<Integration, NotFound | Invalid | Conflict | StoreError>
  /** Nothing more is accepted; what waits for its destinations is cancelled when its turn comes. */
  readonly remove: (actor: string, id: IntegrationId) => Effect.Effect<void, NotFound | StoreError>
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
  const audit = yield* Audit
  const destinations = yield* Destinations
  const directory = yield* Directory
  const sql = yield* SqlClient.SqlClient
  const store = yield* IntegrationStore
  const vault = yield* Vault

  const change = <A, E>(
    actor: string,
    action: string,
    id: string,
    detail: Record<string, unknown>,
    effect: Effect.Effect<A, E>
  ) =>
    transaction(
      sql,
      Effect.zipLeft(effect, audit.append({ actor, action, subjectType: "integration", subjectId: id, detail }))
    ).pipe(
      // What is committed is done; the directory's own watch notices it too.
      Effect.zipLeft(Effect.ignore(directory.refresh))
    )

  const get = Effect.fn("Integrations.get")(function*(reference: string) {
    return yield* Option.match(yield* store.find(reference), {
      onNone: () => new NotFound({ message: "There is no such integration." }),
      onSome: Effect.succeed
    })
  })

  const sealToken = (id: string, token: Redacted.Redacted | null | undefined) =>
    token === null || token === undefined ? Effect.succeed(token) : vault.seal(`verify-token:${id}`, token)

  /** Whether the secrets that an integration has fit another scheme. */
  const unfit = Effect.fnUntraced(function*(integrationId: string, scheme: Scheme) {
    const secrets = yield* Effect.forEach(
      yield* store.secrets(integrationId),
      ({ envelope, id }) => vault.open(`secret:${id}`, envelope)
    ).pipe(
      Effect.catchTag(
        "VaultError",
        ({ message }) => new Conflict({ message: `Whether the secrets fit another scheme cannot be told. ${message}` })
      )
    )
    return Problems.ofSecrets(scheme, secrets).map(({ problem }) => ({
      path: "scheme",
      problem: `the integration's secrets do not fit it: one ${problem}`
    }))
  })

  const patchProblems = Effect.fnUntraced(function*(integration: Integration, patch: IntegrationPatch) {
    const [choice, names] = yield* Effect.mapError(
      Effect.zip(decodeChoice(integration), decodeNames(integration)),
      () =>
        new Conflict({
          message:
            "This revision of the gateway cannot read how the integration is verified, as if a newer one had made it: " +
            "change it there, or delete it."
        })
    )
    const chosen = { ...choice, scheme: patch.scheme ?? choice.scheme }
    const { id } = integration
    return [
      ...Problems.ofScheme(choice.provider, patch.scheme),
      ...Problems.ofNames(chosen, { ...names, ...patch }),
      ...(patch.scheme === undefined ? [] : yield* unfit(id, schemeOf(chosen)))
    ]
  })

  const addSecret = Effect.fnUntraced(function*(integrationId: string, secret: Redacted.Redacted) {
    const id = yield* Ids.next
    const envelope = yield* vault.seal(`secret:${id}`, secret)
    yield* store.insertSecret({ id, integrationId, envelope, hint: hint(secret) })
  })

  return Integrations.of({
    get,
    list: store.list,

    create: Effect.fn("Integrations.create")(function*(actor, input) {
      const problems = Problems.ofInput(input)
      if (problems.length > 0) return yield* new Invalid({ details: problems })
      const id = yield* Ids.next
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
        const bare = yield* Effect.orDieWith(get(id), (error) => error)
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
      return yield* change(actor, "integration.created", id, { slug: input.slug, provider: input.provider }, created)
        .pipe(
          Effect.catchIf(isConflict, () => taken(input.slug))
        )
    }),

    update: Effect.fn("Integrations.update")(function*(actor, id, patch) {
      const integration = yield* get(id)
      const problems = isAboutScheme(patch) ? yield* patchProblems(integration, patch) : []
      if (problems.length > 0) return yield* new Invalid({ details: problems })
      const { verifyToken, ...plain } = patch
      const columns = {
        ...plain,
        dedupe: overrideJson(patch.dedupe),
        eventType: overrideJson(patch.eventType),
        response: responseJson(patch.response),
        scheme: schemeJson(patch.scheme) ?? undefined
      }
      const envelope = yield* sealToken(id, verifyToken)
      const updated = Effect.zipRight(store.update(id, { ...columns, verifyTokenEnvelope: envelope }), get(id))
      return yield* change(actor, "integration.updated", id, audited(columns, verifyToken), updated).pipe(
        Effect.catchIf(isConflict, () => taken(patch.slug ?? ""))
      )
    }),

    remove: Effect.fn("Integrations.remove")(function*(actor, id) {
      const { slug } = yield* get(id)
      yield* change(actor, "integration.deleted", id, { slug }, store.remove(id))
    })
  })
})

const decodeNames = Schema.decodeUnknown(
  Schema.Struct({ dedupe: Schema.NullOr(Override), eventType: Schema.NullOr(Override) })
)

const isAboutScheme = ({ dedupe, eventType, scheme }: IntegrationPatch): boolean =>
  [dedupe, eventType, scheme].some((_) => _ !== undefined && _ !== null)

// That the verify token was changed, and not to what.
const audited = (columns: Record<string, unknown>, verifyToken: Redacted.Redacted | null | undefined) =>
  verifyToken === undefined ? columns : { ...columns, verifyToken: verifyToken === null ? "removed" : "set" }

// Short secrets would be told by their end.
const hint = (secret: Redacted.Redacted): string => {
  const text = Redacted.value(secret)
  return text.length < 12 ? "…" : `…${text.slice(-4)}`
}

const isConflict = (error: unknown): error is StoreError => isStoreError(error) && error.reason === "Conflict"

const taken = (slug: string) => new Conflict({ message: `The slug "${slug}" is taken by another integration.` })
