import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import * as JsonBody from "../../src/domain/JsonBody.ts"

const parse = (text: string) => JsonBody.parse(new TextEncoder().encode(text))

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)

describe("a body as JSON", () => {
  it.prop("is what JSON makes of it", [FastCheck.json()], ([text]) => {
    assert.deepStrictEqual(parse(text), Option.some(JSON.parse(text)))
  })

  it.prop(
    "may hold any text, brackets and quotes too",
    [FastCheck.string({
      unit: FastCheck.constantFrom("[", "{", "\"", "\\", "]", "\u00fc", "\ud83d\ude00"),
      maxLength: 2_000
    })],
    ([text]) => {
      assert.deepStrictEqual(parse(JSON.stringify({ [text]: text })), Option.some({ [text]: text }))
    }
  )

  it("may be any value, with any space around it", () => {
    for (const text of ["true", " \n\tfalse ", "null\r\n", " -1", "7", "\"a\"", " [1]"]) {
      assert.deepStrictEqual(parse(text), Option.some(JSON.parse(text)))
    }
  })

  it("is none when it is nested too deeply, be it in lists or objects", () => {
    assert.isTrue(Option.isSome(parse(nested(500))))
    assert.deepStrictEqual(parse(nested(501)), Option.none())
    assert.deepStrictEqual(parse("{\"a\":".repeat(501) + "1" + "}".repeat(501)), Option.none())
    assert.deepStrictEqual(parse(nested(2_500_000)), Option.none())
    assert.deepStrictEqual(parse(`["\\"]","\\\\",${nested(500)}]`), Option.none())
    // Many beside each other are not deep.
    assert.isTrue(Option.isSome(parse(`[${Array.from({ length: 1_000 }, () => "[]").join(",")}]`)))
  })

  it("is none when it is not JSON", () => {
    for (const text of ["", "{", "[", "]", "\"", "\\", "]]]]", "[[[[", "{\"a\":\"\\\"}", "time=1", "tr", "truer"]) {
      assert.deepStrictEqual(parse(text), Option.none())
    }
  })
})
