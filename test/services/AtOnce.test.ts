import { assert, it } from "@effect/vitest"
import { Effect, Either, Exit } from "effect"
import * as AtOnce from "../../src/services/AtOnce.ts"

const half = (number: number): AtOnce.AtOnce<number, string> =>
  number % 2 === 0 ? Either.right(number / 2) : Either.left(`${number} is odd`)

const slowly = (number: number): AtOnce.AtOnce<number, string> => AtOnce.later(AtOnce.program(half(number)))

it("what is known at once stays so through what is known at once, up to what fails", () => {
  assert.deepStrictEqual(AtOnce.flatMap(half(8), half), Either.right(2))
  assert.deepStrictEqual(AtOnce.flatMap(half(6), half), Either.left("3 is odd"))
  assert.deepStrictEqual(AtOnce.flatMap(half(5), () => assert.fail("went on")), Either.left("5 is odd"))
})

it.effect("what takes a program anywhere on its way is a program, with the same outcome", () =>
  Effect.gen(function*() {
    const exit = (step: AtOnce.AtOnce<number, string>) => {
      assert.strictEqual(step._tag, "Later")
      return Effect.exit(AtOnce.program(step))
    }
    assert.deepStrictEqual(yield* exit(AtOnce.flatMap(slowly(8), half)), Exit.succeed(2))
    assert.deepStrictEqual(yield* exit(AtOnce.flatMap(half(8), slowly)), Exit.succeed(2))
    assert.deepStrictEqual(yield* exit(AtOnce.flatMap(slowly(6), slowly)), Exit.fail("3 is odd"))
    assert.deepStrictEqual(yield* exit(AtOnce.flatMap(slowly(5), () => assert.fail("went on"))), Exit.fail("5 is odd"))
  }))
