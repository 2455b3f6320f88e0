// The platform's routes carry their errors untyped until they are encoded.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Headers from "@effect/platform/Headers"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApiError from "@effect/platform/HttpApiError"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import type * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerRespondable from "@effect/platform/HttpServerRespondable"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Context, Effect, Either, Layer, Predicate } from "effect"
import { Settings } from "../../services/Settings.ts"
import * as Failure from "../Failure.ts"
import * as RawBody from "../RawBody.ts"
import * as Authorization from "./Authorization.ts"
import * as Details from "./Details.ts"
import * as JsonInput from "./JsonInput.ts"
import { ManagementApi } from "./ManagementApi.ts"
import { Patience } from "./Patience.ts"
import { type Taken, taken, unknownParams } from "./Taken.ts"

const bounds: RawBody.Bounds = { bytes: 1_048_576, time: "20 seconds" }

type Handler<R> = Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, R>

/**
 * Puts the management API's routes on the server. The platform's own mounting would answer malformed JSON with an empty
 * 400, and a schema's refusal with the value that was sent; here both become the one error shape, without the value. What
 * a route does not take is refused, in its query and body alike: a misspelt filter must not replay everything.
 */
export const layer = HttpApiBuilder.Router.unwrap((built) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const router = yield* HttpLayerRouter.HttpRouter
    const encodeErrors = yield* HttpApiBuilder.buildMiddleware(ManagementApi)
    const patience = yield* Patience
    const settings = yield* Settings
    for (const { handler, method, path } of built.routes) {
      const takes = taken.get(`${method} ${path}`)
      if (method === "HEAD" || takes === undefined) continue
      yield* router.add(
        method,
        path,
        Effect.contextWithEffect((context: Context.Context<Needs>) =>
          encodeErrors(
            Effect.provide(
              withInput(
                { patience, path, settings, takes },
                tellDetails(Effect.flatMap(handler, HttpServerRespondable.toResponse))
              ),
              context
            )
          ).pipe(Effect.map((answer) => challenged(withRetryAfter(answer))))
        )
      )
    }
  }))
)

type Needs = HttpLayerRouter.Provided | HttpRouter.HttpRouter.DefaultServices

/** Whoever is not let in is told how to ask (RFC 9110). */
const challenged = (response: HttpServerResponse.HttpServerResponse) =>
  response.status === 401 ? HttpServerResponse.setHeader(response, "www-authenticate", "Bearer") : response

const tellDetails = <R>(handler: Handler<R>): Handler<R> =>
  Effect.catchIf(
    handler,
    isDecodeError,
    ({ issues }) => Failure.validationFailed(Details.of(issues))
  )

const isDecodeError = (error: unknown): error is HttpApiError.HttpApiDecodeError =>
  Predicate.isTagged(error, "HttpApiDecodeError")

const bearer = HttpApiBuilder.securityDecode(HttpApiSecurity.bearer)

interface Guards {
  readonly patience: typeof Patience.Service
  readonly path: string
  readonly settings: typeof Settings.Service
  readonly takes: Taken
}

const withInput = <R>({ patience, path, settings, takes }: Guards, handler: Handler<R>): Handler<R | Needs> =>
  Effect.gen(function*() {
    // Without the key the handler refuses by itself, before it looks at anything else.
    if (!takes.guarded || !Authorization.isKey(settings, yield* bearer)) return yield* handler
    const request = yield* HttpServerRequest.HttpServerRequest
    if (request.url.includes("%00")) {
      return yield* Failure.validationFailed([{ path: "", problem: "The URL holds a NUL character." }])
    }
    const unknown = unknownParams(takes, request.url)
    if (unknown.length > 0) {
      return yield* Failure.validationFailed(
        unknown.slice(0, Details.max).map((path) => ({ path, problem: `is no parameter here; ${namesOf(takes)}` }))
      )
    }
    if (request.method !== "POST" && request.method !== "PATCH") return yield* patience.bound(path, handler)
    const bytes = yield* Effect.catchTag(RawBody.read(request, bounds), "BodyError", refuse)
    if (bytes.byteLength > 0 && !isPlainJson(request.headers)) {
      return yield* Failure.fail("unsupported", "Send the body as `content-type: application/json`, not compressed.")
    }
    const text = JsonInput.read(bytes)
    if (Either.isLeft(text)) return yield* Failure.validationFailed([{ path: "", problem: text.left }])
    if (!takes.hasBody && !/^\s*\{\s*\}\s*$/.test(text.right)) {
      return yield* Failure.validationFailed([{ path: "", problem: "This call takes no body." }])
    }
    return yield* patience.bound(
      path,
      Effect.provideService(handler, HttpServerRequest.HttpServerRequest, rewound(request, text.right))
    )
  })

const namesOf = ({ params }: Taken): string =>
  params.size === 0 ? "this call takes none" : `this call takes ${[...params].toSorted().join(", ")}`

const unavailable = 503
const retryAfter = "5"

/** Tells clients that wait by themselves how long. */
const withRetryAfter = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  response.status === unavailable ? HttpServerResponse.setHeader(response, "retry-after", retryAfter) : response

const isPlainJson = (headers: Headers.Headers): boolean =>
  /^application\/json\s*(?:;|$)/i.test(headers["content-type"] ?? "application/json") &&
  /^(?:identity)?$/i.test(headers["content-encoding"] ?? "")

const refuse = ({ reason }: RawBody.BodyError): Effect.Effect<never, Failure.Failure> =>
  reason === "TooLarge"
    ? Failure.fail("payload_too_large", `The body is larger than ${bounds.bytes} bytes.`)
    : Failure.validationFailed([{ path: "", problem: "The body did not arrive whole and in time." }])

/** The same request with its body to be read again. */
const rewound = ({ headers, method, url }: HttpServerRequest.HttpServerRequest, body: string) =>
  HttpServerRequest.fromWeb(
    new Request(`http://localhost${url}`, { method, body, headers: { ...headers, "content-type": "application/json" } })
  )
