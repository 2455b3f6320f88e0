import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Exposition from "../../../src/domain/metrics/Exposition.ts"
import * as Prometheus from "../../support/Prometheus.ts"

const counter = (labels: Readonly<Record<string, string>>, value: number): Exposition.Family => ({
  name: "some_total",
  help: "Some.",
  type: "counter",
  samples: [{ labels, value }]
})

describe("the exposition", () => {
  it.prop(
    "is read as it was meant, whatever a label holds",
    [FastCheck.string({ unit: "grapheme" }), FastCheck.double({ noNaN: true })],
    ([text, value]) => {
      const [metric] =
        Prometheus.read(Exposition.render([counter({ name: text }, value)])).get("some_total")?.metrics ??
          []
      assert.deepStrictEqual(metric?.labels, { name: text })
      assert.strictEqual(metric?.value, value)
    }
  )

  it("escapes what would end a label's value or a line", () => {
    assert.strictEqual(
      Exposition.render([{ ...counter({ name: "a\\b\"c\nd" }, 1), help: "One\\two\nthree \"four\"." }]),
      [
        "# HELP some_total One\\\\two\\nthree \"four\".",
        "# TYPE some_total counter",
        "some_total{name=\"a\\\\b\\\"c\\nd\"} 1",
        ""
      ].join("\n")
    )
  })

  it("tells a histogram by buckets that add up, its sum and its count", () => {
    const state = { buckets: [[0.5, 1], [1, 3], [Infinity, 4]], sum: 7.25, count: 4 } as const
    const family = (samples: Exposition.Family["samples"]) =>
      Exposition.render([{ name: "took_seconds", help: "Took.", type: "histogram", samples }])
    assert.include(
      family(Exposition.histogram(state, { of: "x" })),
      "took_seconds_bucket{of=\"x\",le=\"+Inf\"} 4\ntook_seconds_sum{of=\"x\"} 7.25\ntook_seconds_count{of=\"x\"} 4\n"
    )
    const text = family(Exposition.histogram(state))
    const [metric] = Prometheus.read(text).get("took_seconds")?.metrics ?? []
    assert.deepStrictEqual(metric?.buckets, { "0.5": 1, "1": 3, "+Inf": 4 })
    assert.deepStrictEqual([metric?.sum, metric?.count], [7.25, 4])
  })

  it("leaves out what shows nothing", () => {
    assert.strictEqual(Exposition.render([{ ...counter({}, 1), samples: [] }]), "")
  })
})
