import { assert, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"
const hours = 3 * 3_600_000

const real = Clock.make()
let offset = 0
/** The clock of a host that is wrong, and is set now and then. */
const wrong: Clock.Clock = {
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
  currentTimeNanos: real.currentTimeNanos,
  sleep: (duration) => real.sleep(duration),
  unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + offset,
  currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + offset)
}

it.scopedLive(
  "a host whose clock is wrong verifies by the database's time, whichever way its own clock is set",
  () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(Api.onTwins())
      yield* Effect.gen(function*() {
        yield* Gateway.integration("hours", nowhere, { provider: "stripe", dedupe: undefined })
        const { call } = yield* Gateway.Gateway
        const seconds = Math.floor((yield* real.currentTimeMillis) / 1_000)
        const send = (age: number) => {
          const body = `{"id":"evt_${offset}_${age}"}`
          const at = seconds - age
          const headers = { "stripe-signature": `t=${at},v1=${Api.signature(`${at}.${body}`)}` }
          return call("/api/v1/webhooks/hours", { body, headers })
        }
        for (const jump of [hours, -hours]) {
          offset = jump
          yield* eventually(send(0), (_) => _.status < 300)
          assert.strictEqual((yield* send(3_600)).status, 401)
          const { data: [event] } = yield* Api.events("limit=1")
          assert.approximately(event?.receivedAt.epochMillis ?? 0, seconds * 1_000, 20_000)
        }
      }).pipe(Effect.provide(context))
    }).pipe(Effect.withClock(wrong)),
  { timeout: 30_000 }
)
