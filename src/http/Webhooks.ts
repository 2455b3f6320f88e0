import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Array, Context, Effect, Either, Exit, Layer, Option } from "effect"
import type { IncomingMessage } from "node:http"
import * as Acceptance from "../domain/Acceptance.ts"
import * as Headers from "../domain/Headers.ts"
import type { Answer } from "../domain/verification/Handshake.ts"
import { Refusal } from "../domain/verification/Refusal.ts"
import type { Request } from "../domain/verification/Request.ts"
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
import * as Address from "./Address.ts"
import * as Bodyless from "./Bodyless.ts"
import * as Failure from "./Failure.ts"
import * as NotAccepted from "./NotAccepted.ts"
import * as RawBody from "./RawBody.ts"
import * as Refused from "./Refused.ts"

type Response = HttpServerResponse.HttpServerResponse

/** Takes what gives the answer. */
type Resume = (answer: AtOnce.AtOnce<Response>) => void

/** What comes to an integration's webhook URL, and its answer. */
export class Webhooks extends Context.Tag("sluice/http/Webhooks")<Webhooks, {
  /**
   * A webhook, or a handshake that is posted: `resume` is called at most once with what gives its answer. The function that it
   * gives says that nobody waits for that, any more or at all: what is not whole yet is not read any further.
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

  const answering = (program: Effect.Effect<Response, NotAccepted.Failed>) => AtOnce.later(answered(program))

  const noting = ({ integration, request }: Incoming, program: Effect.Effect<Response, NotAccepted.Failed>) =>
    answering(Effect.tapError(
      program,
      (error) => Effect.transposeMapOption(Refused.judged(integration, request, error), rejections.record)
    ))

  const accept = (incoming: Incoming, resume: Resume): void =>
    intake.unsafeAccept(incoming, (outcome) =>
      attempting(resume, () =>
        resume(
          Exit.isSuccess(outcome)
            ? Either.right(answer(incoming.integration, outcome.value))
            : noting(incoming, Effect.failCause(outcome.cause))
        )))

  // Whoever forges signatures shall cost as little as can be.
  const unbelieved = (incoming: Incoming, error: Refusal | ProviderHostError): AtOnce.AtOnce<Response> => {
    if (!(error instanceof Refusal) || isDebugging) return noting(incoming, Effect.fail(error))
    Option.map(Refused.judged(incoming.integration, incoming.request, error), rejections.unsafeRecord)
    return Either.right(NotAccepted.unsafeRefusal(clock, error))
  }

  const decide = (coming: Coming, body: Either.Either<Uint8Array, RawBody.BodyError>, resume: Resume): void => {
    const { begun, held, integration, path, query, receivedAt, sent } = coming
    const arrived = (body: Uint8Array) =>
      Address.requestOf(settings, integration, sent, { path, query, body, receivedAt })
    if (integration.status === "disabled") {
      return resume(answering(refused(rejections, Refused.disabled(integration, arrived, Either.getRight(body)))))
    }
    if (Either.isLeft(body)) {
      const unread = Refused.unread(integration, arrived, body.left, settings.maxWebhookBytes)
      return resume(answering(Effect.zipRight(Effect.transposeMapOption(unread, rejections.record), body.left)))
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
    const coming = { integration, path, query, held, sent, receivedAt, begun: seconds() }
    return RawBody.listen(
      sent,
      { bytes: settings.maxWebhookBytes, room: held.add, watch },
      (body) => attempting(resume, () => decide(coming, body, resume))
    )
  }

  const unknownTo = ({ method = "", rawHeaders }: IncomingMessage, reference: string) =>
    Effect.suspend(() => {
      const receivedAt = Math.floor(directory.unsafeNow())
      return refused(rejections, Refused.unknown(reference, { method, headers: Headers.ofRaw(rawHeaders), receivedAt }))
    })

  const lookedUp = Effect.fnUntraced(function*(addressed: Addressed) {
    const { sent, to: { reference } } = addressed
    const found = yield* directory.find(reference)
    if (Option.isNone(found)) return yield* unknownTo(sent, reference)
    return yield* Effect.async<Response>((resume) =>
      Effect.sync(read(addressed, found.value, (answer) => resume(AtOnce.program(answer))))
    )
  })

  const shake = Effect.fnUntraced(function*(sent: IncomingMessage) {
    const { path, query, reference } = Address.target(sent.url)
    const found = yield* directory.find(reference)
    if (Option.isNone(found)) return yield* unknownTo(sent, reference)
    const receivedAt = Math.floor(directory.unsafeNow())
    const integration = found.value
    const request = Address.requestOf(settings, integration, sent, { path, query, body: noBytes, receivedAt })
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
      const held = inflow.open()
      const addressed = { sent, held, to: Address.target(sent.url) }
      const settle: Resume = (answer) => resume(ending(answer, held.close))
      const known = directory.unsafeKnown(addressed.to.reference)
      if (Option.isNone(known)) {
        settle(answering(lookedUp(addressed)))
        return held.close
      }
      const stop = read(addressed, known.value, settle)
      return () => {
        stop()
        held.close()
      }
    },
    asked: shake
  })
})

/** Does what calls `resume`; a defect is an answer too. */
const attempting = (resume: Resume, work: () => void): void => {
  const done = Either.try({ try: work, catch: Effect.die })
  if (Either.isLeft(done)) resume(AtOnce.later(done.left))
}

/** The answer, with an end of what was held for it; not later than it is there, as it may be sent long after. */
const ending = (answer: AtOnce.AtOnce<Response>, end: () => void): AtOnce.AtOnce<Response> => {
  if (answer._tag === "Later") return AtOnce.later(Effect.ensuring(answer.program, Effect.sync(end)))
  end()
  return answer
}

/** A request, and what of its URL says whose it is. */
interface Addressed {
  readonly sent: IncomingMessage
  readonly to: ReturnType<typeof Address.target>
  readonly held: Held
}

/** A request whose body is to come. */
interface Coming extends Omit<Addressed, "to"> {
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
