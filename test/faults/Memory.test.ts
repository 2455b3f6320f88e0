import { assert, describe, it } from "@effect/vitest"
import { members } from "./Kinds.ts"
import * as Memory from "./Memory.ts"

const samples = (megabytes: ReadonlyArray<number>): ReadonlyArray<Memory.Sample> =>
  megabytes.map((megabytes, at) => ({ at, pid: 1, megabytes }))

const flat = samples(Array.from({ length: 30 }, () => 300))

/** Of all processes, of which one is special. */
const fleet = (special: ReadonlyArray<Memory.Sample>): Memory.Samples => ({
  "api-1": flat,
  "api-2": special,
  "worker-1": flat,
  "worker-2": flat
})

const all = { from: 0, until: 30 }

describe("memory", () => {
  it("is well when it stays as it is", () => {
    assert.deepStrictEqual(Memory.excesses(fleet(flat)), [])
    assert.deepStrictEqual(Memory.growth(fleet(flat), members, all), [])
  })

  it("is too much above the ceiling, if only once", () => {
    const peak = fleet([...flat, ...samples([1_001])])
    assert.deepStrictEqual(Memory.excesses(peak), ["api-2 had 1001 MB, and 1000 MB are too much"])
  })

  it("grows where a third of the time has much more than one before it", () => {
    const late = [...Array.from({ length: 20 }, () => 100), ...Array.from({ length: 10 }, () => 201)]
    assert.deepStrictEqual(Memory.growth(fleet(samples(late)), members, all), [
      "api-2 grew from 100 MB to 100 MB to 201 MB"
    ])
    const steady = Array.from({ length: 30 }, (_, index) => 100 + 11 * index)
    assert.lengthOf(Memory.growth(fleet(samples(steady)), members, all), 1)
  })

  it("that was hardly seen is told", () => {
    assert.lengthOf(Memory.excesses(fleet(samples([100]))), 1)
    assert.lengthOf(Memory.growth(fleet(flat), members, { from: 25, until: 30 }), members.length)
  })
})
