import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import * as Stack from "./Stack.ts"

/** A target that notes every state that it gets. */
const noted = Effect.gen(function*() {
  const on = Stack.make("rests")
  const seen: Array<string> = []
  const begin = Effect.fnUntraced(function*(target: string, state: string) {
    const scope = yield* Scope.make()
    yield* Scope.extend(on(target, state, (to) => Effect.sync(() => seen.push(`${target} ${to}`))), scope)
    return { end: Scope.close(scope, Exit.void) }
  })
  return { begin, seen }
})

describe("a stack of states", () => {
  it.effect("has the newest count, and whoever is left when it ends", () =>
    Effect.gen(function*() {
      const { begin, seen } = yield* noted
      const slow = yield* begin("mail", "slow")
      const late = yield* begin("mail", "late")
      yield* late.end
      yield* slow.end
      assert.deepStrictEqual(seen, ["mail slow", "mail late", "mail slow", "mail rests"])
    }))

  it.effect("keeps the newest when an older one ends", () =>
    Effect.gen(function*() {
      const { begin, seen } = yield* noted
      const slow = yield* begin("mail", "slow")
      const late = yield* begin("mail", "late")
      yield* slow.end
      yield* late.end
      assert.deepStrictEqual(seen, ["mail slow", "mail late", "mail rests"])
    }))

  it.effect("keeps targets apart", () =>
    Effect.gen(function*() {
      const { begin, seen } = yield* noted
      const mail = yield* begin("mail", "slow")
      yield* begin("cache", "late")
      yield* mail.end
      assert.deepStrictEqual(seen, ["mail slow", "cache late", "mail rests"])
    }))
})
