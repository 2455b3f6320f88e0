import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as SinkMemory from "../../src/http/SinkMemory.ts"

const bounds = { names: 3, requests: 4, deliveries: 5, bytes: 100 }

const request = (size: number, query = ""): SinkMemory.Kept => ({
  receivedAt: "2026-01-01T00:00:00.000Z",
  query,
  headers: {},
  body: new Uint8Array(size),
  answered: 200
})

const names = ["a", "b", "c", "d", "e"]

describe("what a sink keeps", () => {
  it.effect.prop(
    "is bounded in names, requests and bytes, and has the newest whatever its size",
    [FastCheck.array(
      FastCheck.record({
        name: FastCheck.constantFrom(...names),
        size: FastCheck.oneof(FastCheck.nat(40), FastCheck.nat(500))
      }),
      { maxLength: 60 }
    )],
    ([calls]) =>
      Effect.sync(() => {
        const memory = SinkMemory.make(bounds)
        for (const [index, { name, size }] of calls.entries()) {
          memory.keep(name, request(size, String(index)))
          const all = names.map((_) => memory.kept(_))
          assert.strictEqual(memory.kept(name)[0]?.query, String(index))
          assert.isAtMost(all.filter((_) => _.length > 0).length, bounds.names)
          for (const kept of all) assert.isAtMost(kept.length, bounds.requests)
          const bytes = all.flat().reduce((sum, { body }) => sum + body.byteLength, 0)
          assert.isAtMost(bytes, Math.max(bounds.bytes, size))
          for (const kept of all) {
            const order = kept.map(({ query }) => Number(query))
            assert.deepStrictEqual(order, order.toSorted((a, b) => b - a))
          }
        }
      })
  )

  it("keeps small requests apart by sink, and lets go of the sink that was used longest ago", () => {
    const memory = SinkMemory.make(bounds)
    for (const name of ["a", "b", "c", "a", "d"]) memory.keep(name, request(1, name))
    assert.deepStrictEqual(names.map((_) => memory.kept(_).length), [2, 0, 1, 1, 0])
  })

  it("counts the calls of each delivery at each sink", () => {
    const memory = SinkMemory.make(bounds)
    assert.deepStrictEqual(["x", "y", "x", "x"].map((_) => memory.count("a", _)), [1, 1, 2, 3])
    assert.strictEqual(memory.count("b", "x"), 1)
  })
})
