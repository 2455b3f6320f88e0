import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Clock, DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { Settings } from "../services/Settings.ts"
import * as Bodyless from "./Bodyless.ts"
import * as Failure from "./Failure.ts"
import * as Authorization from "./management/Authorization.ts"
import * as RawBody from "./RawBody.ts"
import * as SinkMemory from "./SinkMemory.ts"

const path = "/api/v1/internal/delivery-sink/:name"

/** How a call is to be answered. `failFirst` calls of each delivery get `status`, or 500; those after them get 200. */
const Params = Schema.Struct({
  status: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(200, 599)), { exact: true }),
  delayMs: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 600_000)), {
    default: () => 0
  }),
  failFirst: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 1_000)), { exact: true })
})

/**
 * A callback to try things out with: answers as it is told and shows the last requests. Off in production, where
 * nothing may be kept that was not asked for.
 */
export const routes = Layer.unwrapEffect(Effect.map(Settings, (settings) => {
  if (!settings.deliverySink) return Layer.empty
  const memory = SinkMemory.make()
  return Layer.mergeAll(
    HttpLayerRouter.add("POST", path, receive(memory, settings)),
    HttpLayerRouter.add("GET", path, show(memory, settings))
  )
}))

const receive = (memory: SinkMemory.SinkMemory, settings: typeof Settings.Service) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { name = "" } = yield* HttpLayerRouter.params
    const { delayMs, failFirst, status } = yield* HttpServerRequest.schemaSearchParams(Params)
    const body = yield* RawBody.read(request, { bytes: settings.maxWebhookBytes, time: settings.bodyTimeout })
    const calls = memory.count(name, request.headers["sluice-delivery-id"] ?? "")
    const answered = failFirst === undefined ? status ?? 200 : calls <= failFirst ? status ?? 500 : 200
    memory.keep(name, {
      receivedAt: DateTime.formatIso(DateTime.unsafeMake(yield* Clock.currentTimeMillis)),
      query: request.url.split("?")[1] ?? "",
      headers: { ...request.headers },
      // A copy: what was read may be a small part of a large buffer.
      body: Uint8Array.from(body),
      answered
    })
    yield* Effect.sleep(delayMs)
    return Bodyless.fit(HttpServerResponse.unsafeJson({ answered }, { status: answered }))
  }).pipe(
    Effect.catchTags({
      ParseError: () =>
        Failure.response(400, "validation_failed", "Expected ?status=200..599&delayMs=0..600000&failFirst=0..1000."),
      BodyError: () => Failure.response(413, "payload_too_large", "The body is too large, or did not arrive.")
    })
  )

const show = (memory: SinkMemory.SinkMemory, settings: typeof Settings.Service) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { name = "" } = yield* HttpLayerRouter.params
    const key = Redacted.make((request.headers["authorization"] ?? "").replace(/^Bearer /i, ""))
    if (!Authorization.isKey(settings, key)) return yield* Failure.response(401, "unauthorized", Authorization.howTo)
    return HttpServerResponse.unsafeJson({
      data: memory.kept(name).map(({ answered, body, headers, query, receivedAt }) => ({
        receivedAt,
        query,
        headers,
        body: new TextDecoder().decode(body),
        bodyBase64: Buffer.from(body).toString("base64"),
        answered
      }))
    })
  })
