import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Ids from "../../src/services/Ids.ts"

it.effect("ids of one millisecond are in the order in which they were made", () =>
  Effect.gen(function*() {
    const ids = yield* Effect.replicateEffect(Ids.next, 1_000)
    assert.deepStrictEqual(ids, ids.toSorted())
    assert.strictEqual(new Set(ids).size, ids.length)
  }))
