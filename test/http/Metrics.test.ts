import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { definitions } from "../../src/services/Metrics.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onTwins } from "../support/Gateways.ts"
import { managementKey } from "../support/ManagementKey.ts"
import * as Prometheus from "../support/Prometheus.ts"
import * as Promtool from "../support/Promtool.ts"
import * as Api from "./Api.ts"

const scrape = Effect.fnUntraced(function*() {
  const { call } = yield* Gateway.Gateway
  const answer = yield* call("/metrics", { headers: { authorization: `Bearer ${managementKey}` } })
  assert.strictEqual(answer.status, 200, answer.text)
  return { answer, families: Prometheus.read(answer.text) }
})

layer(onTwins(), Api.live)("the metrics of a gateway", (it) => {
  it.effect("are for whoever has the management key", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      Api.failed(yield* call("/metrics"), 401, "unauthorized")
      const wrong = { headers: { authorization: "Bearer a-key-that-is-wrong" } }
      Api.failed(yield* call("/metrics", wrong), 401, "unauthorized")
      Api.failed(yield* call("/metrics", { method: "POST", body: "" }), 404, "not_found")
      const { answer } = yield* scrape()
      assert.strictEqual(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8")
    }))

  it.scoped("tell what came in and what became of it", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { families: before } = yield* scrape()
      const callback = yield* Callback.make
      yield* callback.answer((response, number) => Callback.status(number === 1 ? 500 : 200)(response, number))
      const { send } = yield* Gateway.integration("measured", callback.url)
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      yield* send("one")
      yield* call("/api/v1/webhooks/measured", { body: "{}", headers: { "x-signature": "00" } })
      yield* call("/api/v1/webhooks/unheard-of", { body: "{}" })
      yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")

      const rise = (after: Prometheus.Families, name: string, labels: Readonly<Record<string, string>>) =>
        Prometheus.value(after, name, labels) - Prometheus.value(before, name, labels)
      const { answer, families } = yield* eventually(
        scrape(),
        (_) => rise(_.families, "sluice_deliveries_finished_total", { outcome: "delivered" }) > 0
      )
      const risen = (name: string, labels: Readonly<Record<string, string>>) => rise(families, name, labels)
      // Where other suites of this process have used up the names of integrations, it has none of its own.
      const ofIntegration = (name: string) =>
        risen(name, { integration: "measured" }) + risen(name, { integration: "_other" })
      assert.strictEqual(ofIntegration("sluice_events_accepted_total"), 1)
      assert.strictEqual(ofIntegration("sluice_events_duplicate_total"), 1)
      assert.strictEqual(risen("sluice_webhooks_rejected_total", { reason: "signature_mismatch" }), 1)
      assert.strictEqual(risen("sluice_webhooks_rejected_total", { reason: "integration_unknown" }), 1)
      assert.strictEqual(risen("sluice_attempts_total", { outcome: "failure", result: "5xx" }), 1)
      assert.strictEqual(risen("sluice_attempts_total", { outcome: "success", result: "2xx" }), 1)
      assert.isAtLeast(risen("sluice_messages_published_total", { outcome: "confirmed" }), 1)
      for (const name of ["accept", "attempt", "delivery", "commit"].map((_) => `sluice_${_}_duration_seconds`)) {
        assert.isAbove(Prometheus.count(families, name), Prometheus.count(before, name), name)
      }
      const known = new Set(definitions.map((_) => _.name))
      assert.deepStrictEqual([...families.keys()].filter((name) => !known.has(name)), [])
      if (Promtool.present) assert.strictEqual(Promtool.run(["check", "metrics"], answer.text), "")
    }))
})
