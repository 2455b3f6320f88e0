// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger, LogLevel, Schema } from "effect"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onTwins } from "../support/Gateways.ts"

const Line = Schema.parseJson(Schema.Struct({
  message: Schema.Unknown,
  logLevel: Schema.String,
  annotations: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}))
const decode = Schema.decodeSync(Line)

/** The logger of every role, see src/layers/Main.ts, and what it writes. */
const overhear = (lines: Array<string>) =>
  Logger.replace(Logger.defaultLogger, Logger.map(Logger.jsonLogger, (line) => void lines.push(line)))

const policy = { maxRetries: 2, baseDelayMs: 50, factor: 1, maxDelayMs: 50 }

/** A webhook that comes twice, fails three times and is dead; another that is refused, and one that is delivered. */
const travel = Effect.gen(function*() {
  const { call } = yield* Gateway.Gateway
  const callback = yield* Callback.make
  yield* callback.answer((response) => void response.writeHead(500).end("the-body-of-the-answer"))
  const { destinations, send } = yield* Gateway.integration("logged", `${callback.url}?token=secret-of-the-url`)
  const { eventId } = yield* Gateway.accepted(yield* send("one", "{\"card\":\"the-body-of-the-webhook\"}"))
  yield* send("one", "{\"card\":\"the-body-of-the-webhook\"}")
  const refused = yield* call("/api/v1/webhooks/logged", {
    body: "{}",
    headers: { "x-signature": "the-wrong-signature" }
  })
  const { deliveries: [delivery] } = yield* eventually(Gateway.event(eventId), (_) => _.status === "failed")
  yield* callback.answer(Callback.status(200))
  const other = yield* Gateway.accepted(yield* send("two"))
  yield* eventually(Gateway.event(other.eventId), (_) => _.status === "delivered")
  return {
    eventId,
    deliveryId: delivery?.id,
    destinationId: destinations[0]?.id,
    refusal: refused.text,
    delivered: other.eventId,
    secrets: [
      Gateway.secret,
      destinations[0]?.signingSecret ?? "",
      "the-body-of-the-webhook",
      "the-body-of-the-answer",
      "secret-of-the-url",
      "the-wrong-signature"
    ]
  }
})

const logged = Effect.fnUntraced(function*(level: LogLevel.LogLevel) {
  const lines: Array<string> = []
  const told = yield* travel.pipe(
    Effect.provide(Layer.provide(
      onTwins({ retryPolicy: policy }),
      Layer.merge(overhear(lines), Logger.minimumLogLevel(level))
    ))
  )
  return { ...told, lines, entries: lines.map((line) => decode(line)) }
})

const saying = (text: string) => ({ message }: { readonly message: unknown }) => [message].flat()[0] === text

it.scopedLive("the log of a debug run tells a webhook's whole way, each line with its ids", () =>
  Effect.gen(function*() {
    const { deliveryId, destinationId, entries, eventId, refusal } = yield* logged(LogLevel.Debug)
    const ids = { eventId, deliveryId, destinationId, integration: "logged" }
    const about = (text: string) => entries.filter(saying(text)).map((_) => _.annotations)

    const [accepted, ...more] = about("A webhook was accepted")
    assert.deepInclude(accepted, { eventId, integration: "logged" })
    assert.strictEqual(more.length, 1)
    assert.deepInclude(about("A copy of a webhook came")[0], { eventId, integration: "logged" })
    const failures = about("An attempt failed; it is tried again")
    assert.deepStrictEqual(failures.map((_) => _["attempt"]), [1, 2])
    for (const annotations of failures) assert.deepInclude(annotations, ids)
    const [dead] = about("A delivery is dead")
    assert.deepInclude(dead, { ...ids, generation: 1, attempt: 3 })
    const refused = entries.find(saying("A webhook was not accepted"))
    assert.include(refusal, String(refused?.annotations["requestId"]))
    assert.deepInclude([refused?.message].flat()[1], { reason: "signature_malformed" })
  }))

it.scopedLive("the log of an ordinary run tells of what failed, and not of what went well", () =>
  Effect.gen(function*() {
    const { delivered, entries } = yield* logged(LogLevel.Info)
    assert.deepStrictEqual(
      entries.filter((_) => _.annotations["deliveryId"] !== undefined).map((_) => _.logLevel),
      ["INFO", "INFO", "WARN"]
    )
    assert.deepStrictEqual(entries.filter((_) => JSON.stringify(_).includes(delivered)), [])
  }))

it.scopedLive("the log is one JSON object a line, and holds no body, header, URL or secret", () =>
  Effect.gen(function*() {
    const { lines, secrets } = yield* logged(LogLevel.Trace)
    assert.isAtLeast(lines.length, 6)
    for (const line of lines) assert.notInclude(line, "\n")
    for (const secret of secrets) assert.notInclude(lines.join("\n"), secret)
  }))
