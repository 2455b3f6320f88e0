// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Grounds from "../../support/Grounds.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"
import * as Api from "../Api.ts"
import * as Wire from "../Wire.ts"

const nowhere = "http://127.0.0.1:9/hook"
const half = "{\"half\":"

/** The first half of a webhook, for which alone the signature is right. */
const unfinished = (slug: string) =>
  Wire.request(`/api/v1/webhooks/${slug}`, [`x-signature: ${Api.signature(half)}`], half, 2 * half.length)

const stored = Effect.fnUntraced(function*(slug: string) {
  const sql = yield* SqlClient.SqlClient
  const events = yield* sql`SELECT e.id FROM events e JOIN integrations i ON i.id = integration_id WHERE slug = ${slug}`
  return events.length
})

const ground = Layer.merge(
  Grounds.twins(Grounds.settings({ bodyTimeout: Duration.millis(300) })),
  TestDatabase
)

layer(ground, Api.live)("a webhook that is not finished", (it) => {
  it.scoped("is cut off with 408 when its sender is too slow", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("slow", nowhere)
      const wire = yield* Wire.open
      yield* wire.write(unfinished("slow"))
      const [answer] = yield* wire.answers(1)
      Api.failed(answer ?? { status: 0, text: "" }, 408, "request_timeout")
      yield* wire.closed
      assert.strictEqual(yield* stored("slow"), 0)
    }).pipe(Effect.provide(Gateway.api)))

  it.scoped("is cut off although its sender goes on with a byte now and then", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("dripping", nowhere)
      const wire = yield* Wire.open
      yield* wire.write(Wire.request("/api/v1/webhooks/dripping", [], "", 1_000_000))
      yield* eventually(Effect.zipRight(wire.write("x"), wire.answering), (_) => _)
      const [answer] = yield* wire.answers(1)
      Api.failed(answer ?? { status: 0, text: "" }, 408, "request_timeout")
      assert.strictEqual(yield* stored("dripping"), 0)
    }).pipe(Effect.provide(Gateway.api)))

  it.effect("is stored nowhere when its sender goes away half way", () =>
    Effect.gen(function*() {
      // The gateway ends with this, and with it all that it may have had in hand.
      yield* Effect.gen(function*() {
        const { send } = yield* Gateway.integration("gone", nowhere)
        const wire = yield* Wire.open
        yield* wire.write(unfinished("gone"))
        yield* send("another, so that the first half has come in")
        yield* wire.destroy
        assert.strictEqual((yield* send("whole")).status, 202)
      }).pipe(Effect.scoped, Effect.provide(Gateway.api))
      assert.strictEqual(yield* stored("gone"), 2)
    }))
})
