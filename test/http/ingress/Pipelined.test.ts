// @effect-diagnostics strictEffectProvide:off
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Grounds from "../../support/Grounds.ts"
import * as LockedTable from "../../support/LockedTable.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Prometheus from "../../support/Prometheus.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"
import * as Api from "../Api.ts"
import * as Wire from "../Wire.ts"

const nowhere = "http://127.0.0.1:9/hook"
const megabytes = 5
const large = "x".repeat(megabytes * 1_048_576)
// Together they are more than a gateway holds of what is not stored yet.
const many = 30

const refused = Effect.gen(function*() {
  const { call } = yield* Gateway.Gateway
  const answer = yield* call("/metrics", { headers: { authorization: `Bearer ${managementKey}` } })
  return Prometheus.value(Prometheus.read(answer.text), "sluice_webhooks_rejected_total", {
    reason: "signature_mismatch"
  })
})

const ground = Layer.merge(
  Grounds.twins(Grounds.settings({ maxWebhookBytes: megabytes * 1_048_576 })),
  TestDatabase
)

layer(ground, Api.live)("webhooks on one connection", (it) => {
  it.effect("that are refused behind one that waits, and whose sender goes away, leave room for others", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("pipelined", nowhere)
      yield* send("one, so that the integration is known")
      const before = yield* refused
      const { unlock, waiting } = yield* LockedTable.lock("events")
      const wires = yield* Effect.replicateEffect(Wire.open, many)
      yield* Effect.forEach(wires, (wire, index) =>
        Effect.gen(function*() {
          const first = `first ${index}`
          yield* wire.write(
            Wire.request("/api/v1/webhooks/pipelined", [`x-signature: ${Api.signature(first)}`], first)
          )
          yield* wire.write(
            Wire.request("/api/v1/webhooks/pipelined", [`x-signature: ${Api.signature("other")}`], large)
          )
          // One at a time: while they come in they are held.
          yield* eventually(refused, (_) => _ === before + index + 1)
        }))
      yield* eventually(waiting, (_) => _ > 0)
      yield* Effect.forEach(wires, (wire) => wire.destroy)
      yield* unlock
      const whole = Wire.request("/api/v1/webhooks/pipelined", [`x-signature: ${Api.signature(large)}`], large)
      const answer = yield* eventually(Wire.ask(whole), ({ status }) => status !== 503)
      assert.strictEqual(answer.status, 202)
    }).pipe(Effect.scoped, Effect.provide(Gateway.api)))
})
