import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Option } from "effect"
import type { Timestamp as Rule } from "../../../src/domain/verification/Scheme.ts"
import { placeOf } from "../../../src/domain/verification/Source.ts"
import * as Timestamp from "../../../src/domain/verification/Timestamp.ts"
import { now, request } from "./Requests.ts"

const check = (
  text: string | undefined,
  unit: Rule["unit"],
  bounds: { readonly maxAge?: number; readonly maxAhead?: number } = {}
) =>
  Either.match(
    Timestamp.check(
      Option.some({ at: { header: "x-time" }, unit, maxAge: 300, maxAhead: 60, ...bounds }),
      placeOf(request(text === undefined ? {} : { headers: { "x-time": text } }))
    ),
    { onLeft: ({ reason }) => reason, onRight: (text) => ({ text }) }
  )

const iso = (millis: number) => new Date(millis).toISOString()

describe("a timestamp", () => {
  it("is the empty text where the scheme has none", () => {
    assert.deepStrictEqual(Timestamp.check(Option.none(), placeOf(request({}))), Either.right(""))
  })

  it("is handed on as it was sent", () => {
    assert.deepStrictEqual(check(`0${now / 1_000}`, "seconds"), { text: `0${now / 1_000}` })
  })

  it.each<[Rule["unit"], (millis: number) => string]>([
    ["seconds", (millis) => String(millis / 1_000)],
    ["milliseconds", String],
    ["iso", iso],
    ["iso", (millis) => iso(millis + 7_200_000).replace("Z", "+02:00")]
  ])("in %s is fresh up to both limits and no further", (unit, write) => {
    const at = (offset: number) => check(write(now + offset), unit)
    assert.property(at(-300_000), "text")
    assert.strictEqual(at(-301_000), "timestamp_too_old")
    assert.property(at(60_000), "text")
    assert.strictEqual(at(61_000), "timestamp_too_far_ahead")
  })

  it("in another unit than agreed lies far away, or is malformed", () => {
    assert.strictEqual(check(String(now), "seconds"), "timestamp_too_far_ahead")
    assert.strictEqual(check(String(now / 1_000), "milliseconds"), "timestamp_too_old")
    assert.strictEqual(check(iso(now), "seconds"), "timestamp_malformed")
    assert.strictEqual(check(String(now / 1_000), "iso"), "timestamp_malformed")
  })

  it.each(["", " ", "-1", "+1", "1.0", "1e9", "0x10", "१२३", "9".repeat(16), "NaN", "Infinity"])(
    "cannot be %j",
    (text) => {
      assert.strictEqual(check(text, "seconds"), "timestamp_malformed")
    }
  )

  it.each(["2026-13-01T00:00:00Z", "2026-09-21", "2026-09-21Tnoon", "21 Sep 2026"])("in ISO cannot be %j", (text) => {
    assert.strictEqual(check(text, "iso"), "timestamp_malformed")
  })

  it("must be there", () => {
    assert.strictEqual(check(undefined, "seconds"), "timestamp_missing")
  })

  it.prop(
    "is accepted exactly when it lies within the limits",
    {
      offset: FastCheck.integer({ min: -1_000, max: 1_000 }),
      maxAge: FastCheck.integer({ min: 1, max: 900 }),
      maxAhead: FastCheck.integer({ min: 1, max: 900 })
    },
    ({ maxAge, maxAhead, offset }) => {
      const expected = -offset > maxAge
        ? "timestamp_too_old"
        : offset > maxAhead
        ? "timestamp_too_far_ahead"
        : { text: String(now / 1_000 + offset) }
      assert.deepStrictEqual(check(String(now / 1_000 + offset), "seconds", { maxAge, maxAhead }), expected)
    }
  )
})
