import { assert, describe, it } from "@effect/vitest"
import { Array, Duration, Effect } from "effect"
import * as Exposition from "../../src/domain/metrics/Exposition.ts"
import * as Metrics from "../../src/services/Metrics.ts"
import * as Prometheus from "../support/Prometheus.ts"

// The registry is the process', and other suites record too.
const now = Effect.map(Metrics.recordings, (_) => Prometheus.read(Exposition.render(_)))

const rise = Effect.fnUntraced(function*(program: Effect.Effect<unknown>) {
  const before = yield* now
  yield* program
  const after = yield* now
  return {
    of: (name: string, labels: Readonly<Record<string, string>> = {}) =>
      Prometheus.value(after, name, labels) - Prometheus.value(before, name, labels),
    counted: (name: string) => Prometheus.count(after, name) - Prometheus.count(before, name)
  }
})

describe("the metrics", () => {
  it("have names by Prometheus' conventions, each once and with a help of one sentence", () => {
    const names = Metrics.definitions.map((_) => _.name)
    assert.strictEqual(new Set(names).size, names.length)
    for (const { help, name, type } of Metrics.definitions) {
      assert.match(name, /^(?:sluice|process|nodejs)_[a-z\d]+(?:_[a-z\d]+)*$/)
      assert.strictEqual(name.endsWith("_total"), type === "counter", name)
      assert.match(help, /^[A-Z].*\.$/)
      assert.notMatch(name, /_(?:ms|millis|kb|bucket|sum|count)$/)
    }
  })

  it.effect("count a webhook's new events and its copies, and how long it took", () =>
    Effect.gen(function*() {
      const { counted, of } = yield* rise(
        Metrics.accepted([
          { integration: "counted", stored: [{ duplicate: false }, { duplicate: true }], seconds: 0.02 },
          { integration: "counted", stored: [{ duplicate: false }], seconds: null }
        ])
      )
      // Where other suites of this process have used up the names of integrations, it has none of its own.
      const ofIntegration = (name: string) => of(name, { integration: "counted" }) + of(name, { integration: "_other" })
      assert.strictEqual(ofIntegration("sluice_events_accepted_total"), 2)
      assert.strictEqual(ofIntegration("sluice_events_duplicate_total"), 1)
      assert.strictEqual(counted("sluice_accept_duration_seconds"), 1)
    }))

  it.effect("put a value into each bucket that is not below it", () =>
    Effect.gen(function*() {
      yield* Metrics.committed(7, Duration.millis(3))
      const [size] = (yield* now).get("sluice_commit_size_events")?.metrics ?? []
      const counts = Object.values(size?.buckets ?? {})
      assert.deepStrictEqual(Object.keys(size?.buckets ?? {}), ["1", "2", "5", "10", "25", "50", "100", "250", "+Inf"])
      assert.deepStrictEqual(counts, counts.toSorted((one, other) => one - other))
      assert.strictEqual(counts.at(-1), size?.count)
    }))

  it.effect("count attempts by outcome, and know how many are under way", () =>
    Effect.gen(function*() {
      const attempt = Effect.zipRight(now, Metrics.attempted(false, "timeout", Duration.seconds(15)))
      const { counted, of } = yield* rise(Metrics.underWay(Effect.flip(Effect.zipRight(attempt, Effect.fail("no")))))
      assert.strictEqual(of("sluice_attempts_total", { outcome: "failure", result: "timeout" }), 1)
      assert.strictEqual(of("sluice_attempts_in_flight"), 0)
      assert.strictEqual(counted("sluice_attempt_duration_seconds"), 1)
      const during = yield* Metrics.underWay(now)
      assert.isAtLeast(Prometheus.value(during, "sluice_attempts_in_flight"), 1)
    }))

  it.effect("do not grow with the names that somebody gives to integrations", () =>
    Effect.gen(function*() {
      const { of } = yield* rise(
        Metrics.accepted(
          Array.range(1, 2_000).map((index) => ({
            integration: `many-${index}`,
            stored: [{ duplicate: false }],
            seconds: null
          }))
        )
      )
      const { metrics } = (yield* now).get("sluice_events_accepted_total") ?? { metrics: [] }
      assert.isAtMost(metrics.length, 201)
      assert.isAtLeast(of("sluice_events_accepted_total", { integration: "_other" }), 1_790)
    }))

  it.effect("are there before anything was counted, where their labels are known", () =>
    Effect.gen(function*() {
      const families = yield* now
      for (const kind of ["lost", "never_queued"]) {
        const series = families.get("sluice_sweeper_found_total")?.metrics.map((_) => _.labels?.["kind"]) ?? []
        assert.include(series, kind)
      }
    }))
})
