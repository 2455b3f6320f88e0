import { assert, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as HostClock from "../../support/HostClock.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"
const hours = 3 * 3_600_000

const host = HostClock.make(Clock.make())

it.scopedLive(
  "a host whose clock is wrong verifies by the database's time, from the moment its own clock is set",
  () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(Api.onTwins())
      yield* Effect.gen(function*() {
        yield* Gateway.integration("hours", nowhere, {
          provider: "stripe",
          secrets: ["whsec_one"],
          dedupe: undefined
        })
        const { call } = yield* Gateway.Gateway
        const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
        const send = (jump: number, age: number) => {
          const body = `{"id":"evt_${jump}_${age}"}`
          const at = seconds - age
          const headers = { "stripe-signature": `t=${at},v1=${Api.signature(`${at}.${body}`, "whsec_one")}` }
          return call("/api/v1/webhooks/hours", { body, headers })
        }
        for (const jump of [hours, -hours]) {
          yield* host.set(jump)
          assert.strictEqual((yield* send(jump, 0)).status, 202)
          assert.strictEqual((yield* send(jump, 3_600)).status, 401)
          const { data: [event] } = yield* Api.events("limit=1")
          assert.approximately(event?.receivedAt.epochMillis ?? 0, seconds * 1_000, 20_000)
        }
      }).pipe(Effect.provide(context))
    }).pipe(Effect.withClock(host)),
  { timeout: 30_000 }
)
