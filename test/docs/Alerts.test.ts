import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import { definitions } from "../../src/services/Metrics.ts"
import * as Promtool from "../support/Promtool.ts"

const place = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const file = (name: string) => readFileSync(place(name), "utf8")

const Rules = Schema.Struct({
  groups: Schema.Array(Schema.Struct({
    name: Schema.NonEmptyString,
    rules: Schema.Array(Schema.Struct({
      alert: Schema.String.pipe(Schema.pattern(/^Sluice[A-Z]\w+$/)),
      expr: Schema.NonEmptyString,
      for: Schema.optional(Schema.String.pipe(Schema.pattern(/^\d+m$/))),
      labels: Schema.Struct({ severity: Schema.Literal("critical", "warning") }),
      annotations: Schema.Struct({ summary: Schema.NonEmptyString, runbook_url: Schema.NonEmptyString })
    }))
  }))
})

const rules = Schema.decodeUnknownSync(Rules, { onExcessProperty: "error" })(parse(file("docs/alerts.yml"))).groups
  .flatMap((_) => _.rules)

const operations = file("docs/operations.md")

/** What Prometheus itself brings. */
const brought = new Set(["up"])
const known = new Map(definitions.map((_) => [_.name, _]))

/** The metrics that an expression reads: what stands before labels or a range, or as a word of its own. */
const metricsOf = (
  expr: string
) => [...new Set([...expr.matchAll(/\b(?:sluice|process|nodejs)_\w+|\bup\b/g)].map(([name]) => name))]

const baseOf = (name: string) => name.replace(/_(?:bucket|sum|count)$/, "")

describe("the alert rules", () => {
  it("read metrics that there are, histograms by their buckets", () => {
    assert.isAtLeast(rules.length, 15)
    for (const { alert, expr } of rules) {
      const names = metricsOf(expr)
      assert.isAtLeast(names.length, 1, alert)
      for (const name of names.filter((_) => !brought.has(_))) {
        const definition = known.get(name) ?? known.get(baseOf(name))
        assert.isDefined(definition, `${alert} reads ${name}`)
        assert.strictEqual(definition?.type === "histogram", name !== definition?.name, `${alert} reads ${name}`)
      }
    }
  })

  it("have names of their own, and each a section of the operations page", () => {
    assert.strictEqual(new Set(rules.map((_) => _.alert)).size, rules.length)
    const headings = [...operations.matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading)
    assert.deepStrictEqual(headings.toSorted(), rules.map((_) => _.alert).toSorted())
    for (const { alert, annotations } of rules) {
      assert.strictEqual(annotations.runbook_url, `docs/operations.md#${alert.toLowerCase()}`)
    }
  })

  it.runIf(Promtool.present)("are accepted by promtool", () => {
    const said = Promtool.run(["check", "rules", place("docs/alerts.yml")])
    assert.include(said, `SUCCESS: ${rules.length} rules found`)
  })
})

describe("the operations page", () => {
  it("tells of every metric, and of no other", () => {
    const told = [...operations.matchAll(/^\| `((?:sluice|process|nodejs)_\w+)`/gm)].map(([, name]) => name)
    assert.deepStrictEqual(told.toSorted(), [...known.keys()].toSorted())
  })
})
