import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Array, Context, Effect, Either, Exit, Layer, Option } from "effect"
import type { IncomingMessage } from "node:http"
import * as Acceptance from "../domain/Acceptance.ts"
import * as Headers from "../domain/Headers.ts"
import type { Answer } from "../domain/verification/Handshake.ts"
import { Refusal } from "../domain/verification/Refusal.ts"
import { Request } from "../domain/verification/Request.ts"
import * as WebhookUrl from "../domain/WebhookUrl.ts"
import * as AtOnce from "../services/AtOnce.ts"
import * as Deadlines from "../services/Deadlines.ts"
import { Directory, type Listed } from "../services/Directory.ts"
import * as Elapsed from "../services/Elapsed.ts"
import { Handshakes } from "../services/Handshakes.ts"
import { type Held, Inflow } from "../services/Inflow.ts"
import { type Incoming, Intake } from "../services/Intake.ts"
import type { ProviderHostError } from "../services/ports/ProviderHosts.ts"
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

/** Takes what gives the answer. */
type Resume = (answer: AtOnce.AtOnce<Response>) => void

/** What comes to an integration's webhook URL, and its answer. */
export class Webhooks extends Context.Tag("sluice/http/Webhooks")<Webhooks, {
  /**
   * A webhook, or a handshake that is posted: `resume` is called once with what gives its answer. The function that it gives
   * lets go of its body, and is to be called once that is answered, or nobody waits for an answer.
   */
  readonly receive: (sent: IncomingMessage, resume: Resume) => () => void
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

  const clock = yield* Effect.clock
  const isDebugging = yield* NotAccepted.isDebugging
  const seconds = yield* Elapsed.secondsReader
  const answered = NotAccepted.answered(settings)

  /** The answer to the handshake that a request is; none: it is a webhook that is believed. */
  const judge = (integration: Listed, request: Request) =>
    AtOnce.flatMap(handshakes.unsigned(integration, request), (unsigned) =>
      Option.isSome(unsigned)
        ? Either.right(unsigned)
        : AtOnce.flatMap(
          verification.verify(integration, request),
          (secret) => handshakes.signed(integration, request, secret)
        ))

  const later = (answering: Effect.Effect<Response, NotAccepted.Failed>) => AtOnce.later(answered(answering))

  const noting = ({ integration, request }: Incoming, answering: Effect.Effect<Response, NotAccepted.Failed>) =>
    later(Effect.tapError(
      answering,
      (error) => Effect.transposeMapOption(Refused.judged(integration, request, error), rejections.record)
    ))

  const accept = (incoming: Incoming, resume: Resume): void =>
    intake.unsafeAccept(incoming, (outcome) =>
      resume(
        Exit.isSuccess(outcome)
          ? Either.right(answer(incoming.integration, outcome.value))
          : noting(incoming, Effect.failCause(outcome.cause))
      ))

  // Whoever forges signatures shall cost as little as can be.
  const unbelieved = (incoming: Incoming, error: Refusal | ProviderHostError): AtOnce.AtOnce<Response> => {
    if (!(error instanceof Refusal) || isDebugging) return noting(incoming, Effect.fail(error))
    Option.map(Refused.judged(incoming.integration, incoming.request, error), rejections.unsafeRecord)
    return Either.right(NotAccepted.unsafeRefusal(clock, error))
  }

  const decide = (arriving: Arriving, body: Either.Either<Uint8Array, RawBody.BodyError>, resume: Resume): void => {
    const { begun, held, integration, path, query, receivedAt, sent } = arriving
    const arrived = (body: Uint8Array) => requestOf(settings, integration, sent, { path, query, body, receivedAt })
    if (integration.status === "disabled") {
      return resume(later(refused(rejections, Refused.disabled(integration, arrived, Either.getRight(body)))))
    }
    if (Either.isLeft(body)) {
      const unread = Refused.unread(integration, arrived, body.left, settings.maxWebhookBytes)
      return resume(later(Effect.zipRight(Effect.transposeMapOption(unread, rejections.record), body.left)))
    }
    const request = arrived(body.right)
    const incoming = { integration, path, query, held, request, arrival: { begun, whole: seconds() } }
    const judgement = judge(integration, request)
    switch (judgement._tag) {
      case "Left":
        return resume(unbelieved(incoming, judgement.left))
      case "Right":
        return Option.isSome(judgement.right)
          ? resume(Either.right(handshaken(judgement.right.value)))
          : accept(incoming, resume)
      case "Later":
        return resume(noting(
          incoming,
          Effect.flatMap(
            judgement.program,
            Option.match({
              onNone: () => Effect.map(intake.accept(incoming), (stored) => answer(integration, stored)),
              onSome: (shaken) => Effect.succeed(handshaken(shaken))
            })
          )
        ))
    }
  }

  /** Reads the body, and decides what becomes of it; with a fiber only where something has to be waited for. */
  const read = ({ held, sent, to: { path, query } }: Addressed, integration: Listed, resume: Resume) => {
    const receivedAt = Math.floor(directory.unsafeNow())
    const arriving = { integration, path, query, held, sent, receivedAt, begun: seconds() }
    return RawBody.listen(sent, { bytes: settings.maxWebhookBytes, room: held.add, watch }, (body) => {
      const decided = Either.try({ try: () => decide(arriving, body, resume), catch: Effect.die })
      if (Either.isLeft(decided)) resume(AtOnce.later(decided.left))
    })
  }

  const lookedUp = Effect.fnUntraced(function*(addressed: Addressed) {
    const { sent, to: { reference } } = addressed
    const found = yield* directory.find(reference)
    if (Option.isNone(found)) {
      const receivedAt = Math.floor(yield* directory.now)
      const { method = "" } = sent
      return yield* refused(
        rejections,
        Refused.unknown(reference, { method, headers: Headers.ofRaw(sent.rawHeaders), receivedAt })
      )
    }
    return yield* Effect.async<Response>((resume) =>
      Effect.sync(read(addressed, found.value, (answer) => resume(AtOnce.program(answer))))
    )
  })

  const shake = Effect.fnUntraced(function*(sent: IncomingMessage) {
    const { path, query, reference } = target(sent.url)
    const found = yield* directory.find(reference)
    const receivedAt = Math.floor(yield* directory.now)
    if (Option.isNone(found)) {
      const { method = "" } = sent
      return yield* refused(
        rejections,
        Refused.unknown(reference, { method, headers: Headers.ofRaw(sent.rawHeaders), receivedAt })
      )
    }
    const integration = found.value
    const request = requestOf(settings, integration, sent, { path, query, body: noBytes, receivedAt })
    if (integration.status === "disabled") {
      return yield* refused(rejections, Refused.disabled(integration, () => request, Option.none()))
    }
    const shaken = yield* Effect.tapErrorTag(
      AtOnce.program(handshakes.unsigned(integration, request)),
      "Refusal",
      (refusal) => Effect.transposeMapOption(Refused.judged(integration, request, refusal), rejections.record)
    )
    return Option.isSome(shaken) ? handshaken(shaken.value) : yield* onlyPost
  }, answered)

  return Webhooks.of({
    receive: (sent, resume) => {
      const addressed = { sent, to: target(sent.url), held: inflow.open() }
      const known = directory.unsafeKnown(addressed.to.reference)
      if (Option.isNone(known)) resume(later(lookedUp(addressed)))
      else read(addressed, known.value, resume)
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
  { headers: { host }, method = "", rawHeaders }: IncomingMessage,
  { body, path, query, receivedAt }: Pick<Request, "path" | "body" | "receivedAt"> & { readonly query: string }
): Request =>
  new Request({
    method,
    url: WebhookUrl.make(Origin.of(settings, host), slug, query),
    path,
    headers: Headers.ofRaw(rawHeaders),
    body,
    receivedAt
  })

/** The integration's reference and what follows it, as they were sent. */
const target = (url = "") => {
  // A proxy may send the whole URL.
  const [pathname = "", ...rest] = url.replace(/^https?:\/\/[^/?]*/i, "").split("?")
  const [reference = "", ...segments] = pathname.slice(WebhookUrl.prefix.length).split("/")
  return { reference, path: segments.map((_) => `/${_}`).join(""), query: rest.join("?") }
}

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
