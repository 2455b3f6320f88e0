import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import { EventId } from "../../src/domain/Ids.ts"
import * as Trace from "../../src/domain/Trace.ts"
import * as Ids from "../../src/services/Ids.ts"

describe("the trace of an event", () => {
  it("is its id, and its first span the id's random half", () => {
    const id = EventId.make("019ab1f0-1234-7abc-8def-0123456789ab")
    assert.strictEqual(Trace.ofEvent(id), "019ab1f012347abc8def0123456789ab")
    assert.strictEqual(Trace.rootOf(id), "8def0123456789ab")
  })

  it.prop("has ids that OpenTelemetry takes", [FastCheck.nat()], ([millis]) => {
    const id = EventId.make(Ids.at(millis))
    assert.match(Trace.ofEvent(id), /^[\da-f]{32}$/)
    assert.match(Trace.rootOf(id), /^(?!0{16})[\da-f]{16}$/)
    assert.match(Trace.newSpan(), /^[\da-f]{16}$/)
  })

  it("is linked to a sender's, where its header names one", () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
    const spanId = "00f067aa0ba902b7"
    for (const header of [`00-${traceId}-${spanId}-01`, ` cc-${traceId}-${spanId}-00-more `]) {
      assert.deepStrictEqual(Trace.parent(header), Option.some({ traceId, spanId }))
    }
    for (
      const header of [
        "",
        "secret",
        `ff-${traceId}-${spanId}-01`,
        `00-${"0".repeat(32)}-${spanId}-01`,
        `00-${traceId}-${"0".repeat(16)}-01`,
        `00-${traceId}-${spanId}`,
        `00-${traceId.toUpperCase()}-${spanId}-01`
      ]
    ) assert.deepStrictEqual(Trace.parent(header), Option.none(), header)
  })
})
