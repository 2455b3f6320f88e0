import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"

describe("deepStrictEqual", () => {
  const unlike: ReadonlyArray<readonly [unknown, unknown]> = [
    [Option.none(), Option.some(1)],
    [Option.some(1), Option.none()],
    [Option.some(1), Option.some(2)],
    [{ one: [Option.none()] }, { one: [Option.some(1)] }],
    [Option.some(Option.none()), Option.some(Option.some(1))]
  ]

  it.each(unlike)("tells %o from %o", (left, right) => {
    assert.throws(() => assert.deepStrictEqual(left, right))
    assert.deepStrictEqual(left, left)
  })
})
