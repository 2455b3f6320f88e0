import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck } from "effect"
import * as JsonInput from "../../../src/http/management/JsonInput.ts"

// What may stand in any text, and what may not.
const fit = FastCheck.string({ unit: "grapheme", maxLength: 10 })
const unfit = FastCheck.constantFrom("\0", "\ud800", "\udfff", "\udc00\ud83d")

/** A document around a leaf, which stands as a value, a key, or in a list. */
const around = (leaf: string, wrappings: ReadonlyArray<string>): unknown =>
  wrappings.reduce<unknown>(
    (inner, how) => how === "list" ? [1, inner, null] : how === "value" ? { a: inner, b: true } : { [leaf]: inner },
    leaf
  )

const wrappings = FastCheck.array(FastCheck.constantFrom("list", "value", "key"), { maxLength: 8 })

describe("a JSON document", () => {
  it.effect.prop("is read when all its texts can be stored", [fit, wrappings], ([text, how]) =>
    Effect.sync(() => {
      const document = around(text, how)
      assert.deepStrictEqual(JsonInput.parse(JSON.stringify(document)), Either.right(document))
    }))

  it.effect.prop(
    "is refused when a text in it cannot be stored, however it is written, and the refusal does not hold the text",
    [fit, unfit, fit, wrappings, FastCheck.boolean()],
    ([before, poison, after, how, escaped]) =>
      Effect.sync(() => {
        const text = JSON.stringify(around(`${before}${poison}${after}`, how))
        const parsed = JsonInput.parse(escaped ? escape(text) : text)
        assert.isTrue(Either.isLeft(parsed))
        if (Either.isLeft(parsed)) assert.match(parsed.left, /^The body holds [\w ]+\.$/)
      })
  )

  it.effect.prop(
    "is refused beyond fifty levels, however far beyond",
    [FastCheck.integer({ min: 1, max: 60 })],
    ([depth]) =>
      Effect.sync(() => {
        const text = "[".repeat(depth) + "]".repeat(depth)
        assert.strictEqual(Either.isRight(JsonInput.parse(text)), depth <= 50)
      })
  )

  it("is refused beyond two thousand values, wherever they stand", () => {
    const refused = Either.left("The body holds more than 2000 values.")
    const list = (length: number) => Array.from({ length }, () => 1)
    assert.isTrue(Either.isRight(JsonInput.parse(JSON.stringify(list(1_999)))))
    assert.deepStrictEqual(JsonInput.parse(JSON.stringify(list(2_000))), refused)
    assert.deepStrictEqual(JsonInput.parse(JSON.stringify({ a: list(1_000), b: [list(1_000)] })), refused)
    const keys = Object.fromEntries(list(2_000).map((_, index) => [`key-${index}`, null]))
    assert.deepStrictEqual(JsonInput.parse(JSON.stringify(keys)), refused)
  })

  it("is read from its bytes, which must be UTF-8", () => {
    const bytes = (text: string, encoding: BufferEncoding = "utf8") => Buffer.from(text, encoding)
    assert.deepStrictEqual(
      JsonInput.read(bytes("{\"a\":\"\u00fc \ud83d\ude00\"}")),
      Either.right("{\"a\":\"\u00fc \ud83d\ude00\"}")
    )
    assert.deepStrictEqual(JsonInput.read(bytes("")), Either.right("{}"))
    for (const broken of ["\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xfc"]) {
      const refused = Either.left("The body is not UTF-8.")
      assert.deepStrictEqual(JsonInput.read(bytes(`{"a":"${broken}"}`, "latin1")), refused)
    }
  })

  it("is refused when it is none", () => {
    for (const text of ["", "{", "undefined", "NaN", "{'a':1}", "[1,]", "\"a", "1 2"]) {
      assert.deepStrictEqual(JsonInput.parse(text), Either.left("The body is not JSON."))
    }
  })
})

/** The same JSON with every character of its texts written as an escape. */
const escape = (json: string): string =>
  json.replace(/[^\u0020-\u007e]/g, (_) => `\\u${_.charCodeAt(0).toString(16).padStart(4, "0")}`)
