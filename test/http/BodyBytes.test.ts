import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as BodyBytes from "../../src/http/BodyBytes.ts"
import * as Heap from "../support/Heap.ts"

const chunks = FastCheck.array(FastCheck.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 200 })

describe("the bytes of a body", () => {
  it("are those of its chunks, however it is cut", () => {
    FastCheck.assert(FastCheck.property(chunks, (chunks) => {
      const body = BodyBytes.make()
      for (const chunk of chunks) body.add(Buffer.from(chunk))
      assert.deepStrictEqual(Buffer.from(body.whole()), Buffer.concat(chunks))
      assert.strictEqual(body.size(), Buffer.concat(chunks).byteLength)
    }))
  })

  it("are not copied where they come at once", () => {
    const chunk = Buffer.from("all of it")
    const body = BodyBytes.make()
    body.add(chunk)
    assert.strictEqual(body.whole().buffer, chunk.buffer)
  })

  it.effect("cost little more than they are, also where they come one by one", () =>
    Effect.gen(function*() {
      const body = BodyBytes.make()
      const before = yield* Heap.used
      for (let count = 0; count < 300_000; count += 1) body.add(Buffer.alloc(1))
      const after = yield* Heap.used
      assert.strictEqual(body.size(), 300_000)
      assert.isBelow(after - before, 5_000_000)
    }))
})
