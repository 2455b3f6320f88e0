import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Option, Schema } from "effect"
import * as JsonPath from "../../src/domain/JsonPath.ts"

const decode = Schema.decodeEither(JsonPath.JsonPath)
const get = (json: string, path: string) => JsonPath.get(JSON.parse(json), JsonPath.make(path))

describe("a JSON path", () => {
  it.each<[string, ReadonlyArray<string>]>([
    ["$", []],
    ["$.id", ["id"]],
    ["$.data.object.id", ["data", "object", "id"]],
    ["$.items[0].sku", ["items", "0", "sku"]],
    ["$[12]", ["12"]],
    ["$['any name']['']", ["any name", ""]],
    ["$['a.b[0]'].c", ["a.b[0]", "c"]],
    ["$._x.$y.a-b", ["_x", "$y", "a-b"]],
    ["$.__proto__.x", ["__proto__", "x"]]
  ])("%s is read as its steps", (text, keys) => {
    assert.deepStrictEqual(decode(text), Either.right({ text, keys }))
  })

  it.each([
    "",
    "id",
    ".id",
    "$id",
    "$.",
    "$..id",
    "$.id.",
    "$.1",
    "$.a b",
    "$[",
    "$[]",
    "$[-1]",
    "$[1.5]",
    "$[1",
    "$[0x1]",
    "$[1234567890]",
    "$[\"a\"]",
    "$['a",
    "$['a'",
    "$['it\\'s']",
    "$.*",
    "$[*]",
    "$[0:2]",
    "$[?(@.a)]",
    "$.id ",
    " $.id",
    "$.id\n",
    `$${".a".repeat(100)}`
  ])("%j is refused", (text) => {
    assert.isTrue(Either.isLeft(decode(text)))
  })

  it("leads to whatever stands there, null and empty values too", () => {
    const document = "{\"a\":{\"b\":[10,{\"c d\":\"deep\"},null,false,\"\"]}}"
    assert.deepStrictEqual(get(document, "$"), Option.some(JSON.parse(document)))
    assert.deepStrictEqual(get(document, "$.a.b[0]"), Option.some(10))
    assert.deepStrictEqual(get(document, "$.a.b[1]['c d']"), Option.some("deep"))
    assert.deepStrictEqual(get(document, "$.a.b[2]"), Option.some(null))
    assert.deepStrictEqual(get(document, "$.a.b[3]"), Option.some(false))
    assert.deepStrictEqual(get(document, "$.a.b[4]"), Option.some(""))
  })

  it.each([
    ["{\"a\":1}", "$.b"],
    ["{\"a\":1}", "$.a.b"],
    ["{\"a\":null}", "$.a.b"],
    ["{\"a\":\"text\"}", "$.a[0]"],
    ["{\"a\":\"text\"}", "$.a.length"],
    ["[1]", "$[1]"],
    ["[1]", "$['-1']"],
    ["7", "$.a"],
    ["{}", "$.__proto__"],
    ["{}", "$.constructor"],
    ["{}", "$.toString"],
    ["{}", "$.constructor.prototype"],
    ["[]", "$.map"]
  ])("in %s finds nothing at %s", (json, path) => {
    assert.deepStrictEqual(get(json, path), Option.none())
  })

  it("takes a property that is called __proto__ for what was sent", () => {
    assert.deepStrictEqual(get("{\"__proto__\":{\"id\":\"mine\"}}", "$.__proto__.id"), Option.some("mine"))
    assert.deepStrictEqual(get("{\"__proto__\":{\"id\":\"mine\"}}", "$.id"), Option.none())
  })

  it.prop(
    "finds each value of a document under the names that lead there",
    [FastCheck.array(FastCheck.stringMatching(/^[^'\\]{0,8}$/), { maxLength: 8 }), FastCheck.jsonValue()],
    ([names, value]) => {
      const document = names.reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), value)
      const path = JsonPath.make(`$${names.map((name) => `['${name}']`).join("")}`)
      assert.deepStrictEqual(JsonPath.get(document, path), Option.some(value))
    }
  )

  it.prop(
    "never throws, whatever the text and the document",
    [FastCheck.string(), FastCheck.jsonValue()],
    ([text, json]) => {
      Either.map(decode(`$${text}`), (path) => JsonPath.get(json, path))
    }
  )
})
