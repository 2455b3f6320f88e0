import { assert, describe, it } from "@effect/vitest"
import { DateTime, Either } from "effect"
import * as Report from "../../src/domain/doctor/Report.ts"
import { json } from "../../src/domain/doctor/Text.ts"
import * as Doctor from "./Doctor.ts"

const rule = { id: "stuck", title: "Stuck deliveries", severity: "critical", meaning: "", advice: "" } as const
const seen = { postgres: Report.seen, rabbitmq: Report.seen }

const report = (looked: Parameters<typeof Report.outcome>[1], servers: Report.Report["servers"] = seen) =>
  json(Report.make(DateTime.unsafeMake(0), servers, [Report.outcome(rule, looked)]))

const nothing = Either.right({ count: 0, atLeast: false, examples: [] })

describe("the doctor's report", () => {
  it("has nothing to tell when all is well", () => {
    assert.deepStrictEqual(Doctor.read(report(nothing)), [])
  })

  it("tells what was found, and what was not looked at", () => {
    const found = Either.right({ count: 1, atLeast: false, examples: [{ subject: "d", detail: "queued" }] })
    assert.deepStrictEqual(Doctor.read(report(found)), ["stuck: Stuck deliveries: 1, such as d (queued)"])
    assert.deepStrictEqual(Doctor.read(report(Either.left("no keys"))), ["stuck was not looked at: no keys"])
    const away = report(nothing, { ...seen, rabbitmq: Report.away("refused") })
    assert.deepStrictEqual(Doctor.read(away), ["rabbitmq: refused"])
  })

  it("is told as it is where it is none", () => {
    assert.deepStrictEqual(Doctor.read("APP_PORT: bad"), ["the doctor says: APP_PORT: bad"])
  })
})
