import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Array, Context, Effect, Either, Layer, Option } from "effect"
import type { IncomingMessage } from "node:http"
import * as Acceptance from "../domain/Acceptance.ts"
import * as Headers from "../domain/Headers.ts"
import type { Answer } from "../domain/verification/Handshake.ts"
import { Request } from "../domain/verification/Request.ts"
import * as WebhookUrl from "../domain/WebhookUrl.ts"
import * as Deadlines from "../services/Deadlines.ts"
import { Directory, type Listed } from "../services/Directory.ts"
import * as Elapsed from "../services/Elapsed.ts"
import { Handshakes } from "../services/Handshakes.ts"
import { type Held, Inflow } from "../services/Inflow.ts"
import { type Incoming, Intake } from "../services/Intake.ts"
import { type Rejection, Rejections } from "../services/Rejections.ts"
import { Settings } from "../services/Settings.ts"
import type { Stored } from "../services/store/EventStore.ts"
import { Verification } from "../services/Verification.ts"
import * as Bodyless from "./Bodyless.ts"
import * as Failure from "./Failure.ts"
import * as NotAccepted from "./NotAccepted.ts"
import * as Origin from "./Origin.ts"
import * as RawBody from "./RawBody.ts"
import * as Refused from "./Refused.ts"

type Response = HttpServerResponse.HttpServerResponse

/** What comes to an integration's webhook URL, and its answer. */
export class Webhooks extends Context.Tag("sluice/http/Webhooks")<Webhooks, {
  /**
   * A webhook, or a handshake that is posted: `resume` is called once with what gives its answer. The function that it gives
   * lets go of its body, and is to be called once that is answered, or nobody waits for an answer.
   */
  readonly receive: (sent: IncomingMessage, resume: (answer: Effect.Effect<Response>) => void) => () => void
  /** A handshake of those that ask with GET or HEAD. */
  readonly asked: (sent: IncomingMessage) => Effect.Effect<Response>
}>() {
  static readonly layer = Layer.scoped(Webhooks, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const directory = yield* Directory
  const handshakes = yield* Handshakes
  const inflow = yield* Inflow
  const intake = yield* Intake
  const rejections = yield* Rejections
  const verification = yield* Verification
  const settings = yield* Settings
  const { watch } = yield* Deadlines.make("Refusing what arrives too slowly", settings.bodyTimeout)

  const seconds = yield* Elapsed.secondsReader
  const answered = NotAccepted.answered(settings)

  const judged = Effect.fnUntraced(
    function*(incoming: Incoming) {
      const { integration, request } = incoming
      const unsigned = yield* handshakes.unsigned(integration, request)
      if (Option.isSome(unsigned)) return handshaken(unsigned.value)
      const secret = yield* verification.verify(integration, request)
      const signed = yield* handshakes.signed(integration, request, secret)
      return Option.isSome(signed) ? handshaken(signed.value) : answer(integration, yield* intake.accept(incoming))
    },
    (judging, { integration, request }) =>
      Effect.tapError(
        judging,
        (error) => Effect.transposeMapOption(Refused.judged(integration, request, error), rejections.record)
      )
  )

  const decided = (
    arriving: Arriving,
    body: Either.Either<Uint8Array, RawBody.BodyError>
  ): Effect.Effect<Response, NotAccepted.Failed> => {
    const { begun, held, integration, path, query, receivedAt, sent } = arriving
    const arrived = (body: Uint8Array) => requestOf(settings, integration, sent, { path, query, body, receivedAt })
    if (integration.status === "disabled") {
      return refused(rejections, Refused.disabled(integration, arrived, Either.getRight(body)))
    }
    if (Either.isRight(body)) {
      const arrival = { begun, whole: seconds() }
      return judged({ integration, path, query, held, request: arrived(body.right), arrival })
    }
    const unread = Refused.unread(integration, arrived, body.left, settings.maxWebhookBytes)
    return Effect.zipRight(Effect.transposeMapOption(unread, rejections.record), body.left)
  }

  /** Reads the body, with no fiber that waits for it, and calls `resume` with what decides. */
  const read = (
    { held, sent, to }: Addressed,
    integration: Listed,
    resume: (answering: Effect.Effect<Response, NotAccepted.Failed>) => void
  ) => {
    const receivedAt = Math.floor(directory.unsafeNow())
    const arriving = { ...to, integration, held, sent, receivedAt, begun: seconds() }
    return RawBody.listen(
      sent,
      { bytes: settings.maxWebhookBytes, room: held.add, watch },
      (body) => resume(Effect.suspend(() => decided(arriving, body)))
    )
  }

  const lookedUp = Effect.fnUntraced(function*(addressed: Addressed) {
    const { sent, to: { reference } } = addressed
    const found = yield* directory.find(reference)
    if (Option.isNone(found)) {
      const receivedAt = Math.floor(yield* directory.now)
      const { method = "" } = sent
      return yield* refused(rejections, Refused.unknown(reference, { method, headers: headersOf(sent), receivedAt }))
    }
    return yield* Effect.async<Response, NotAccepted.Failed>((resume) =>
      Effect.sync(read(addressed, found.value, resume))
    )
  })

  const shake = Effect.fnUntraced(function*(sent: IncomingMessage) {
    const { path, query, reference } = target(sent.url)
    const found = yield* directory.find(reference)
    const receivedAt = Math.floor(yield* directory.now)
    if (Option.isNone(found)) {
      const { method = "" } = sent
      return yield* refused(rejections, Refused.unknown(reference, { method, headers: headersOf(sent), receivedAt }))
    }
    const integration = found.value
    const request = requestOf(settings, integration, sent, { path, query, body: noBytes, receivedAt })
    if (integration.status === "disabled") {
      return yield* refused(rejections, Refused.disabled(integration, () => request, Option.none()))
    }
    const shaken = yield* Effect.tapErrorTag(
      handshakes.unsigned(integration, request),
      "Refusal",
      (refusal) => Effect.transposeMapOption(Refused.judged(integration, request, refusal), rejections.record)
    )
    return Option.isSome(shaken) ? handshaken(shaken.value) : yield* onlyPost
  }, answered)

  return Webhooks.of({
    receive: (sent, resume) => {
      const addressed = { sent, to: target(sent.url), held: inflow.open() }
      const known = directory.unsafeKnown(addressed.to.reference)
      if (Option.isNone(known)) resume(answered(lookedUp(addressed)))
      else read(addressed, known.value, (answering) => resume(answered(answering)))
      return addressed.held.close
    },
    asked: shake
  })
})

/** A request, and what of its URL says whose it is. */
interface Addressed {
  readonly sent: IncomingMessage
  readonly to: ReturnType<typeof target>
  readonly held: Held
}

/** A request whose body is to come. */
interface Arriving extends Omit<Addressed, "to"> {
  readonly integration: Listed
  readonly path: string
  readonly query: string
  readonly receivedAt: number
  readonly begun: number
}

const noBytes = new Uint8Array()

const unknown = "There is no such integration, or it is disabled. Check the webhook URL."

const refused = ({ record }: typeof Rejections.Service, rejection: Rejection) =>
  Effect.zipRight(record(rejection), NotAccepted.refuse(rejection.reason, 404, "not_found", unknown))

const onlyPost = Failure.response(
  404,
  "not_found",
  "Webhooks are sent here with POST; this is no handshake that the integration's provider makes."
)

const requestOf = (
  settings: typeof Settings.Service,
  { slug }: Listed,
  sent: IncomingMessage,
  { query, ...fields }: Pick<Request, "path" | "body" | "receivedAt"> & { readonly query: string }
): Request =>
  new Request({
    ...fields,
    method: sent.method ?? "",
    url: WebhookUrl.make(Origin.of(settings, sent.headers.host), slug, query),
    headers: headersOf(sent)
  })

/** The integration's reference and what follows it, as they were sent. */
const target = (url = "") => {
  // A proxy may send the whole URL.
  const [pathname = "", ...rest] = url.replace(/^https?:\/\/[^/?]*/i, "").split("?")
  const [reference = "", ...segments] = pathname.slice(WebhookUrl.prefix.length).split("/")
  return { reference, path: segments.map((_) => `/${_}`).join(""), query: rest.join("?") }
}

const headersOf = ({ rawHeaders }: IncomingMessage): Headers.Headers => Headers.ofRaw(rawHeaders)

const answer = (
  { response }: Listed,
  stored: Array.NonEmptyReadonlyArray<Stored>
): Response =>
  Option.match(response, {
    onNone: () => {
      const told = Acceptance.of(stored)
      return HttpServerResponse.unsafeJson(told, { status: told.duplicate ? 200 : 202 })
    },
    onSome: ({ body, contentType, status }) => Bodyless.fit(HttpServerResponse.text(body, { status, contentType }))
  })

// What is echoed is text, whatever a browser would make of it.
const handshaken = ({ body, contentType, status }: Answer): Response =>
  Bodyless.fit(HttpServerResponse.text(body, { status, contentType, headers: { "x-content-type-options": "nosniff" } }))
