import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import * as SecretWindows from "../../src/domain/SecretWindows.ts"

const now = 10
const moment = FastCheck.integer({ min: 0, max: 30 })
const windows = FastCheck.array(
  FastCheck.record({ validFrom: moment, validUntil: FastCheck.oneof(moment, FastCheck.constant(null)) }),
  { maxLength: 5 }
)

const isValid = ({ validFrom, validUntil }: SecretWindows.Window, at: number): boolean =>
  validFrom <= at && (validUntil === null || at < validUntil)

/** The same, moment by moment. */
const firstWithout = (all: ReadonlyArray<SecretWindows.Window>): number | undefined =>
  Array.from({ length: 40 }, (_, index) => now + index).find((at) => !all.some((window) => isValid(window, at)))

describe("the windows of secrets", () => {
  it.prop("have their first gap where no secret is valid for the first time", [windows], ([all]) => {
    assert.strictEqual(Option.getOrUndefined(SecretWindows.gap(all, now)), firstWithout(all))
  })

  it.prop("are not opened by what only adds one", [windows, windows], ([all, more]) => {
    assert.deepStrictEqual(SecretWindows.opened(all, [...all, ...more], now), Option.none())
  })

  it("are opened where the last one goes or ends, and not where none was valid before", () => {
    const forever = { validFrom: 0, validUntil: null }
    const until = (validUntil: number) => ({ validFrom: 0, validUntil })
    assert.deepStrictEqual(SecretWindows.opened([forever], [], now), Option.some(10))
    assert.deepStrictEqual(SecretWindows.opened([forever], [until(20)], now), Option.some(20))
    assert.deepStrictEqual(
      SecretWindows.opened([forever], [until(20), { validFrom: 20, validUntil: null }], now),
      Option.none()
    )
    assert.deepStrictEqual(
      SecretWindows.opened([forever], [until(20), { validFrom: 21, validUntil: null }], now),
      Option.some(20)
    )
    assert.deepStrictEqual(SecretWindows.opened([until(20)], [until(15)], now), Option.some(15))
    assert.deepStrictEqual(SecretWindows.opened([until(20)], [until(25)], now), Option.none())
    assert.deepStrictEqual(SecretWindows.opened([until(5)], [], now), Option.none())
  })
})
