import { SqlClient } from "@effect/sql"
import { Array, Context, DateTime, Effect, Either, Layer, Option, Schema } from "effect"
import * as Acceptance from "../domain/Acceptance.ts"
import { Conflict, NotFound } from "../domain/Errors.ts"
import { Headers } from "../domain/Headers.ts"
import type { IntegrationId, RejectionId } from "../domain/Ids.ts"
import { obstacle } from "../domain/Rejection.ts"
import type { Refusal } from "../domain/verification/Refusal.ts"
import { Request } from "../domain/verification/Request.ts"
import * as WebhookUrl from "../domain/WebhookUrl.ts"
import * as AtOnce from "./AtOnce.ts"
import { Audit } from "./Audit.ts"
import { Directory, type Listed } from "./Directory.ts"
import * as Handshakes from "./Handshakes.ts"
import { type Held, Inflow } from "./Inflow.ts"
import { Intake } from "./Intake.ts"
import { latest } from "./Latest.ts"
import type { ProviderHostError } from "./ports/ProviderHosts.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import { Settings } from "./Settings.ts"
import { type Kept, RejectionStore } from "./store/RejectionStore.ts"
import { StoreError, transaction } from "./store/Store.ts"
import { Vault } from "./Vault.ts"
import { Verification } from "./Verification.ts"

/** Takes in what was refused, once what it was refused for is mended. Nobody is believed on an operator's word. */
export class Rescue extends Context.Tag("sluice/services/Rescue")<Rescue, {
  /**
   * Verifies what was kept once more, by the secrets that are valid now and by its own time of receipt, and takes it in as
   * an event of now. One that was accepted before is told as the duplicate that it is.
   */
  readonly accept: (
    actor: string,
    id: RejectionId
  ) => Effect.Effect<Acceptance.Acceptance, NotFound | Conflict | StoreError | ProviderHostError>
}>() {
  static readonly layer = Layer.effect(Rescue, Effect.suspend(() => make))
}

const decodeHeaders = Schema.decode(Schema.parseJson(Headers))

const noRoom = new StoreError({ reason: "Unavailable", cause: "too much is waiting to be stored here" })

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const directory = yield* Directory
  const inflow = yield* Inflow
  const intake = yield* Intake
  const { publicBaseUrl } = yield* Settings
  const sql = yield* SqlClient.SqlClient
  const store = yield* RejectionStore
  const vault = yield* Vault
  const verification = yield* Verification

  /** The request as it came in, and as it would be if the gateway's address is configured otherwise by now. */
  const requests = Effect.fnUntraced(function*(id: RejectionId, kept: Rescuable, slug: string) {
    const { body, method, path, receivedAt, url } = kept
    const open = yield* Effect.orDie(decodeHeaders(kept.headers))
    const sealed = yield* Effect.catchTag(
      SealedHeaders.unsafeOpen(vault, `rejection:${id}`, kept.sealedHeaders),
      "VaultError",
      ({ message }) => new Conflict({ message })
    )
    const request = (url: string) =>
      new Request({ method, url, path, headers: { ...open, ...sealed }, body, receivedAt: Math.round(receivedAt) })
    const elsewhere = Option.map(publicBaseUrl, (origin) => WebhookUrl.make(origin, slug, WebhookUrl.queryOf(url)))
    return Array.prepend(Option.toArray(Option.filter(elsewhere, (_) => _ !== url)).map(request), request(url))
  })

  const believed = Effect.fnUntraced(function*(integration: Listed, requests: Array.NonEmptyReadonlyArray<Request>) {
    const now = yield* directory.now
    const judge = (request: Request) =>
      Effect.map(AtOnce.program(verification.verify(integration, request, now)), (secret) => ({ request, secret }))
    const { request, secret } = yield* requests.slice(1).reduce(
      (before, request) => Effect.catchTag(before, "Refusal", () => judge(request)),
      judge(requests[0])
    )
    const isHandshake = [Handshakes.unsigned(integration, request), Handshakes.signed(integration, request, secret)]
      .some(Either.match({ onLeft: () => true, onRight: Option.isSome }))
    return isHandshake
      ? yield* new Conflict({ message: "It is a provider's handshake and no event; let the provider ask again." })
      : request
  }, Effect.catchTag("Refusal", stillRefused))

  const note = ({ actor, id, kept }: Rescued, { duplicate, eventId }: Acceptance.Acceptance) =>
    transaction(
      sql,
      Effect.zipRight(
        store.accept(id, eventId),
        audit.append({
          actor,
          action: "rejection.accepted",
          subjectType: "rejection",
          subjectId: id,
          detail: {
            integrationId: kept.integrationId,
            reason: kept.reason,
            receivedAt: DateTime.formatIso(DateTime.unsafeMake(kept.receivedAt)),
            eventId,
            duplicate
          }
        })
      )
    )

  // Dying in between it is not noted what it became; accepted again it is found to be a duplicate.
  const takeIn = Effect.fnUntraced(function*(rescued: Rescued, integration: Listed, request: Request, held: Held) {
    if (!held.add(request.body.byteLength)) return yield* noRoom
    const stored = yield* intake.accept({
      integration,
      request,
      path: request.path,
      query: WebhookUrl.queryOf(request.url),
      held,
      rescuedAt: Math.floor(yield* directory.now)
    }).pipe(
      // No limit holds for it.
      Effect.catchTag("RateLimited", Effect.die)
    )
    const acceptance = Acceptance.of(stored)
    yield* note(rescued, acceptance)
    return acceptance
  }, Effect.uninterruptible)

  return Rescue.of({
    accept: Effect.fn("Rescue.accept")(function*(actor, id) {
      const found = yield* store.find(id)
      if (Option.isNone(found)) return yield* new NotFound({ message: `There is no rejection ${id}.` })
      const { eventId } = found.value
      if (eventId !== null) return { eventId, status: "duplicate", duplicate: true }
      const kept = yield* rescuable(found.value)
      const integration = Option.filter(
        yield* latest(directory, kept.integrationId),
        ({ status }) => status === "active"
      )
      if (Option.isNone(integration)) {
        return yield* new Conflict({ message: "Its integration is disabled or was deleted." })
      }
      const request = yield* believed(integration.value, yield* requests(id, kept, integration.value.slug))
      return yield* Effect.acquireUseRelease(
        Effect.sync(inflow.open),
        (held) => takeIn({ actor, id, kept }, integration.value, request, held),
        (held) => Effect.sync(held.close)
      )
    })
  })
})

interface Rescuable extends Kept {
  readonly integrationId: IntegrationId
  readonly body: Uint8Array
}

interface Rescued {
  readonly actor: string
  readonly id: RejectionId
  readonly kept: Rescuable
}

const rescuable = (kept: Kept): Effect.Effect<Rescuable, Conflict> => {
  const { body, integrationId } = kept
  const why = obstacle({ ...kept, bodyKept: body !== null })
  return Option.isNone(why) && body !== null && integrationId !== null
    ? Effect.succeed({ ...kept, body, integrationId })
    : new Conflict({ message: Option.getOrElse(why, () => "Too little of it was kept.") })
}

const stillRefused = ({ detail, reason }: Refusal) =>
  new Conflict({ message: `It is still refused, for the reason ${reason}: ${detail}` })
