import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Difference from "../../src/domain/Difference.ts"

const between = (before: Difference.Fields, after: Difference.Fields) =>
  Difference.between(Option.some(before), Option.some(after))

describe("a difference", () => {
  it("is of the fields that changed, as they were and as they are", () => {
    assert.deepStrictEqual(
      between({ name: "a", limit: 5, filter: { types: ["x"] } }, { name: "b", limit: 5, filter: { types: ["y"] } }),
      Option.some({
        before: { name: "a", filter: { types: ["x"] } },
        after: { name: "b", filter: { types: ["y"] } }
      })
    )
  })

  it("is none between equal states", () => {
    assert.deepStrictEqual(between({ a: [1, { b: null }] }, { a: [1, { b: null }] }), Option.none())
    assert.deepStrictEqual(Difference.between(Option.none(), Option.none()), Option.none())
  })

  it("shows a field that one state has not as null there", () => {
    assert.deepStrictEqual(between({}, { a: 1 }), Option.some({ before: { a: null }, after: { a: 1 } }))
    assert.deepStrictEqual(between({ a: 1 }, {}), Option.some({ before: { a: 1 }, after: { a: null } }))
  })

  it("of what is made or deleted is all of it", () => {
    assert.deepStrictEqual(
      Difference.between(Option.none(), Option.some({ a: 1 })),
      Option.some({ before: null, after: { a: 1 } })
    )
    assert.deepStrictEqual(
      Difference.between(Option.some({ a: 1 }), Option.none()),
      Option.some({ before: { a: 1 }, after: null })
    )
  })
})
