import { assert, describe, it } from "@effect/vitest"
import { DateTime, Either, Schema } from "effect"
import * as Report from "../../../src/domain/doctor/Report.ts"
import type { Found } from "../../../src/domain/doctor/Rule.ts"
import * as Text from "../../../src/domain/doctor/Text.ts"

const rule = {
  id: "a-rule",
  title: "Things that are wrong",
  severity: "critical" as const,
  meaning: `It means ${"something long ".repeat(12)}and no more.`,
  advice: "Do something."
}

const nothing: Found = { count: 0, atLeast: false, examples: [] }
const some: Found = {
  count: 2,
  atLeast: false,
  examples: [{ subject: "id-1", detail: "one" }, { subject: "id-2", detail: "two" }]
}

const report = (looked: Either.Either<Found, string>, rabbitmq = Report.seen) =>
  Report.make(DateTime.unsafeMake(0), { postgres: Report.seen, rabbitmq }, [
    Report.outcome({ ...rule, id: "another-rule" }, Either.right(nothing)),
    Report.outcome(rule, looked)
  ])

const lines = (report: Report.Report) => Text.forPeople(report).split("\n")

describe("the doctor's report for people", () => {
  it("has one line for each rule, and says when nothing is wrong", () => {
    assert.deepStrictEqual(lines(report(Either.right(nothing))), [
      "Sluice doctor, 1970-01-01T00:00:00.000Z",
      "PostgreSQL: seen",
      "RabbitMQ:   seen",
      "",
      "ok      another-rule               Things that are wrong                                0",
      "ok      a-rule                     Things that are wrong                                0",
      "",
      "Nothing is wrong."
    ])
  })

  it("tells for each finding what it means, with examples, and what to do, on lines that a terminal shows", () => {
    const text = lines(report(Either.right(some)))
    assert.include(text, "FOUND   a-rule                     Things that are wrong                                2")
    assert.include(text, "a-rule (critical): Things that are wrong: 2")
    assert.include(text, "  Such as:    id-1 (one)")
    assert.include(text, "  Such as:    id-2 (two)")
    assert.include(text, "  What to do: Do something.")
    assert.strictEqual(text.at(-1), "1 rule found something.")
    assert.isTrue(text.every((line) => line.length <= 112))
    assert.include(text.join(" ").replaceAll(/\s+/g, " "), rule.meaning)
  })

  it("says where counting stopped", () => {
    assert.include(
      lines(report(Either.right({ ...some, count: 1_000, atLeast: true }))),
      "a-rule (critical): Things that are wrong: more than 1000"
    )
  })

  it("says what it could not look at, and why", () => {
    const away = lines(report(Either.left("RabbitMQ: gone"), Report.away("gone")))
    assert.include(away, "RabbitMQ:   away, gone")
    assert.include(away, "skipped a-rule                     Things that are wrong                                -")
    assert.strictEqual(
      away.at(-1),
      "A server is away, so this is not the whole picture: 0 rules found something. 1 rule could not be looked at."
    )
    const hidden = lines(report(Either.left("RabbitMQ: in memory"), Report.hidden("in memory")))
    assert.strictEqual(hidden.at(-1), "Nothing is wrong. 1 rule could not be looked at.")
  })
})

describe("the doctor's report for programs", () => {
  it("is one JSON document that holds all of it", () => {
    const found = report(Either.right(some))
    assert.deepStrictEqual(Schema.decodeUnknownSync(Schema.parseJson(Report.Report))(Text.json(found)), found)
  })
})

describe("the exit code", () => {
  it("is 0 for healthy, 1 for findings, and 2 where a server was away, whatever was found", () => {
    assert.strictEqual(Report.exitCode(report(Either.right(nothing))), 0)
    assert.strictEqual(Report.exitCode(report(Either.left("in memory"), Report.hidden("in memory"))), 0)
    assert.strictEqual(Report.exitCode(report(Either.right(some))), 1)
    assert.strictEqual(Report.exitCode(report(Either.right(some), Report.away("gone"))), 2)
  })
})
