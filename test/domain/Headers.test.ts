import { assert, describe, it } from "@effect/vitest"
import { Either, Option, Schema } from "effect"
import * as Headers from "../../src/domain/Headers.ts"

const headers = { "x-one": ["1"], "x-two": ["1", "2"], "x-empty": [""], "x-none": [] }

describe("headers", () => {
  it("have a single value only where one was sent", () => {
    assert.deepStrictEqual(Headers.single(headers, "x-one"), Option.some("1"))
    assert.deepStrictEqual(Headers.single(headers, "x-empty"), Option.some(""))
    for (const name of ["x-two", "x-none", "absent", "constructor", "__proto__"]) {
      assert.deepStrictEqual(Headers.single(headers, name), Option.none(), name)
    }
  })

  it("are read from a list of names and values in turn, whatever the case of their names", () => {
    const read = Headers.ofRaw(["X-One", "1", "__proto__", "a", "x-two", "b", "x-ONE", "2", "x-odd"])
    assert.deepStrictEqual(Object.entries(read), [["x-one", ["1", "2"]], ["__proto__", ["a"]], ["x-two", ["b"]]])
  })

  it("fold into one line", () => {
    assert.deepStrictEqual(Headers.folded(headers, "x-two"), Option.some("1, 2"))
    for (const name of ["absent", "constructor", "__proto__"]) {
      assert.deepStrictEqual(Headers.folded(headers, name), Option.none(), name)
    }
  })

  it("have names in lower case, of the characters that HTTP allows", () => {
    const decode = Schema.decodeEither(Headers.HeaderName)
    assert.deepStrictEqual(decode("X-Hub-Signature-256"), Either.right("x-hub-signature-256"))
    for (const text of ["", "two words", "x:y", "x\r\ny: z", "ünïcödé", "x".repeat(101)]) {
      assert.isTrue(Either.isLeft(decode(text)), text)
    }
  })
})
