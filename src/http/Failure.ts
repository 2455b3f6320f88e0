import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Cause, type Clock, Effect, Schema } from "effect"
import type { Conflict, Invalid, NotFound, TooMany } from "../domain/Errors.ts"
import * as Ids from "../services/Ids.ts"
import type { BrokerError } from "../services/ports/Broker.ts"
import type { ProviderHostError } from "../services/ports/ProviderHosts.ts"
import type { StoreError } from "../services/store/Store.ts"

/** Where in a request something is wrong, and what. */
export const Detail = Schema.Struct({ path: Schema.String, problem: Schema.String })

const fields = { message: Schema.String, requestId: Schema.String }

const wire = <const Code extends string>(code: Code, status: number, description: string) =>
  Schema.Struct({ error: Schema.Struct({ code: Schema.Literal(code), ...fields }) })
    .annotations({ identifier: `Error_${code}`, description, ...HttpApiSchema.annotations({ status }) })

export const Unauthorized = wire("unauthorized", 401, "The key is missing or wrong.")
const NotFoundAnswer = wire("not_found", 404, "There is no such thing.")
const ConflictAnswer = wire("conflict", 409, "It contradicts what is there; the message says what.")
const TooLarge = wire("payload_too_large", 413, "The body is too large.")
const Unsupported = wire("unsupported", 415, "The body is not called JSON, or is compressed.")
const RateLimited = wire("rate_limited", 429, "More of it than is done at a time; try again soon.")
const Internal = wire(
  "internal",
  500,
  "Something went wrong in the gateway; its log knows more under the request's id."
)
const Unavailable = wire("unavailable", 503, "A server that is needed cannot be used now; try again soon.")
const ValidationFailed = Schema.Struct({
  error: Schema.Struct({ code: Schema.Literal("validation_failed"), ...fields, details: Schema.Array(Detail) })
}).annotations({
  identifier: "Error_validation_failed",
  description: "The request does not have the expected form; each of the details is a path and a problem.",
  ...HttpApiSchema.annotations({ status: 400 })
})

/** The errors that a management call may answer, beside that its key is wrong. */
export const Failure = Schema.Union(
  NotFoundAnswer,
  ConflictAnswer,
  ValidationFailed,
  TooLarge,
  Unsupported,
  RateLimited,
  Internal,
  Unavailable
)
export type Failure = typeof Failure.Type

const shape = <const Code extends string>(code: Code, message: string, requestId: string) => ({
  error: { code, message, requestId }
})

const make = <const Code extends string>(code: Code, message: string) =>
  Effect.map(Ids.next, (requestId) => shape(code, message, requestId))

export const fail = <const Code extends string>(code: Code, message: string, log: Effect.Effect<void> = Effect.void) =>
  Effect.flatMap(Effect.tap(make(code, message), noting(log)), Effect.fail)

/** Logs what the caller is not told under the id that it is told. */
const noting =
  (log: Effect.Effect<void>) => ({ error: { requestId } }: { readonly error: { readonly requestId: string } }) =>
    Effect.annotateLogs(log, { requestId })

export const validationFailed = (
  details: ReadonlyArray<typeof Detail.Type>
): Effect.Effect<never, typeof ValidationFailed.Type> =>
  Effect.flatMap(
    make("validation_failed", "The request does not have the expected form; see details."),
    ({ error }) => Effect.fail({ error: { ...error, details } })
  )

/** What a business program's failure is answered with. */
export const answered = <A, R>(
  program: Effect.Effect<
    A,
    NotFound | Conflict | Invalid | TooMany | StoreError | BrokerError | ProviderHostError,
    R
  >
): Effect.Effect<A, Failure, R> =>
  Effect.catchTags(program, {
    NotFound: ({ message }) => fail("not_found", message),
    Conflict: ({ message }) => fail("conflict", message),
    Invalid: ({ details }) => validationFailed(details),
    TooMany: ({ message }) => fail("rate_limited", message),
    StoreError: (error) =>
      error.reason === "Unavailable" || error.reason === "Contended"
        ? fail(
          "unavailable",
          "PostgreSQL cannot be used now; try again soon.",
          Effect.logWarning("PostgreSQL cannot be used now", error)
        )
        : Effect.die(error),
    BrokerError: (error) =>
      fail(
        "unavailable",
        "RabbitMQ cannot be used now; try again soon.",
        Effect.logWarning("RabbitMQ cannot be used now", error)
      ),
    ProviderHostError: (error) =>
      fail(
        "unavailable",
        "The provider's own host did not answer, so nothing could be verified; try again soon.",
        Effect.logWarning("A provider's host did not say what it was asked", error)
      )
  })

/** A defect: the log gets its cause, the caller the id to find it by. */
export const internal = (cause: Cause.Cause<unknown>): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function*() {
    const body = yield* make("internal", "Something went wrong here; the log knows more under this request id.")
    yield* noting(Effect.logError("A request failed unexpectedly", cause))(body)
    return HttpServerResponse.unsafeJson(body, { status: 500 })
  })

/** The response at once, where nothing is logged of it. */
export const unsafeResponse = (
  clock: Clock.Clock,
  status: number,
  code: string,
  message: string
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.unsafeJson(shape(code, message, Ids.unsafeNext(clock)), { status })

/** An error as a response of its own, outside the management API; `log` gets its request id. */
export const response = (
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  log?: Effect.Effect<void>
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const body = make(code, message)
  return Effect.map(
    log === undefined ? body : Effect.tap(body, noting(log)),
    (body) => HttpServerResponse.unsafeJson(body, { status, headers })
  )
}
