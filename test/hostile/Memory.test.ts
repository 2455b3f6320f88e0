import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Leak from "./Leak.ts"

describe("a gateway under thousands of hostile requests", () => {
  it.scopedLive("holds no more memory in the last third of them than in the middle one", () =>
    Effect.gen(function*() {
      const { problems, samples } = yield* Leak.run({ requests: 3_000, seed: 1, watch: () => Effect.void })
      assert.deepStrictEqual(problems, [])
      const { bounds, heap, rss } = Leak.growth(samples)
      assert.isBelow(heap, bounds.heap)
      assert.isBelow(rss, bounds.rss)
    }), { timeout: 180_000 })
})
