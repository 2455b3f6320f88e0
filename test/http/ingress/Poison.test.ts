import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

/** JSON text for ids and types that PostgreSQL would not take, or not in an index. */
const poisons = [
  "\"a\\u0000b\"",
  "\"\\u0000\"",
  `"${"long".repeat(5_000)}"`,
  `"${"long".repeat(5_000)}er"`,
  "\"\\ud800\"",
  "\"\\ud801\"",
  "\"\\udc00 and \\ud83d\\ude00\"",
  "\"\\ufffd\"",
  "\"?\"",
  "\"\\u0007\\r\\n\\t\"",
  "\"' OR 1=1 -- \\\\ \\\" {} \\\"\"",
  "\"{\\\"null\\\",NULL}\"",
  "9007199254740993",
  "1e400",
  "-0",
  "true",
  "null",
  "[\"\\u0000\"]",
  "{\"\\u0000\":1}",
  "\"\"",
  "\" \""
]

layer(Api.onTwins(), Api.live)("a batch of webhooks", (it) => {
  it.effect("stores every one of fifty that come at once, though some are poisoned", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* Gateway.integration("poisoned", nowhere, {
        dedupe: { jsonPath: "$.id" },
        eventType: { jsonPath: "$.type" }
      })
      const sent = Array.from({ length: 50 }, (_, index) => {
        const poison = poisons[Math.floor(index / 2)]
        const [id, type] = index % 2 === 0 && poison !== undefined
          ? [poison, poison]
          : [`"id-${index}"`, "\"thing.made\""]
        return { index, body: `{"id":${id},"type":${type},"n":${index}}` }
      })
      const kept = yield* Effect.forEach(sent, ({ body, index }) =>
        Effect.gen(function*() {
          const answer = yield* call("/api/v1/webhooks/poisoned", Api.webhook(body))
          assert.strictEqual(answer.status, 202, `${index}: ${body.slice(0, 50)} ${answer.text}`)
          const { eventId } = yield* Gateway.accepted(answer)
          return {
            eventId,
            body: (yield* manage(`/events/${eventId}/body`)).text,
            event: yield* Gateway.event(eventId)
          }
        }), { concurrency: "unbounded" })
      assert.deepStrictEqual(kept.map((_) => _.body), sent.map((_) => _.body))
      assert.strictEqual(new Set(kept.map((_) => _.eventId)).size, 50)
      assert.strictEqual(new Set(kept.map((_) => _.event.dedupeKey)).size, 50)
      for (const { event } of kept) {
        assert.isAtMost(event.dedupeKey.length, 200)
        assert.isAtMost(event.type?.length ?? 0, 200)
        assert.notInclude(`${event.dedupeKey}${event.type}${event.providerEventId}`, "\0")
      }
    }))

  it.effect("knows a poisoned one again", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("poisoned-again", nowhere, { dedupe: { jsonPath: "$.id" } })
      for (const poison of poisons.filter((_) => _.startsWith("\"") && _ !== "\"\"")) {
        const post = (n: number) => call("/api/v1/webhooks/poisoned-again", Api.webhook(`{"id":${poison},"n":${n}}`))
        assert.deepStrictEqual([(yield* post(1)).status, (yield* post(2)).status], [202, 200], poison.slice(0, 50))
      }
    }))

  it.effect("may carry headers of every kind that HTTP lets through", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("headers", nowhere, { dedupe: { header: "x-id" }, eventType: { header: "x-type" } })
      const values = ["\u00e9", "{\"a\":[1,\"\\u0000\"]}", "x".repeat(4_000), "a\tb", "\\u0000", "NULL", "'"]
      const answers = yield* Effect.forEach(values, (value) =>
        call("/api/v1/webhooks/headers", Api.webhook("{}", { "x-id": value, "x-type": value, "x-more": value })), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([
        ...new Set(answers.map((_) =>
          _.status
        ))
      ], [202])
    }))
})
