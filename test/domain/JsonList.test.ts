import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import * as JsonBody from "../../src/domain/JsonBody.ts"
import * as JsonList from "../../src/domain/JsonList.ts"
import * as JsonPath from "../../src/domain/JsonPath.ts"

const ample = { items: 1_000, bytes: 1_000_000 }

const split = (text: string, path = "$.list", bounds: JsonList.Bounds = ample) =>
  Option.map(
    Option.flatMap(
      JsonBody.parse(Buffer.from(text)),
      (document) => JsonList.split(Buffer.from(text), document, JsonPath.make(path), bounds)
    ),
    (bodies) => bodies.map((_) => Buffer.from(_).toString())
  )

const values = FastCheck.array(FastCheck.jsonValue(), { minLength: 2, maxLength: 5 })
const spaces = FastCheck.constantFrom(0, 1, "\t")

describe("a body that holds a list", () => {
  it("falls into one for each element, byte for byte", () => {
    assert.deepStrictEqual(
      split("{\"live\" : true, \"list\":[ {\"n\": 12345678901234567890} ,\n{\"n\":1.0e2} ] ,\"more\":{}}"),
      Option.some([
        "{\"live\" : true, \"list\":[{\"n\": 12345678901234567890}] ,\"more\":{}}",
        "{\"live\" : true, \"list\":[{\"n\":1.0e2}] ,\"more\":{}}"
      ])
    )
    assert.deepStrictEqual(split(" [1,[2],\"]\"]", "$"), Option.some([" [1]", " [[2]]", " [\"]\"]"]))
    assert.deepStrictEqual(split("\ufeff[1,2]", "$"), Option.some(["\ufeff[1]", "\ufeff[2]"]))
    assert.deepStrictEqual(split("[{\"a\":[1,2]}]", "$[0].a"), Option.some(["[{\"a\":[1]}]", "[{\"a\":[2]}]"]))
  })

  it.prop(
    "falls into bodies that hold what it held, whatever stands around and however it is written",
    [FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue()), values, FastCheck.string(), spaces],
    ([around, list, name, space]) => {
      const document = { ...around, [name]: list }
      FastCheck.pre(name !== "__proto__" && !Object.hasOwn(around, "__proto__"))
      const bodies = JsonList.split(
        Buffer.from(JSON.stringify(document, null, space)),
        document,
        { text: "", keys: [name] },
        ample
      )
      assert.deepStrictEqual(
        Option.map(bodies, (_) => _.map((body) => JSON.parse(Buffer.from(body).toString()))),
        Option.some(
          JSON.parse(JSON.stringify(list)).map((item: unknown) =>
            JSON.parse(JSON.stringify({ ...document, [name]: [item] }))
          )
        )
      )
    }
  )

  it("is read as it is parsed where a name stands twice, or is written with escapes", () => {
    assert.deepStrictEqual(
      split("{\"list\":[1],\"l\\u0069st\":[2,3]}"),
      Option.some(["{\"list\":[1],\"l\\u0069st\":[2]}", "{\"list\":[1],\"l\\u0069st\":[3]}"])
    )
  })

  it("is found by its steps alone: no name leads into a list, and no index out of it", () => {
    const text = "{\"a\":[[1,2],[3,4]]}"
    assert.deepStrictEqual(split(text, "$.a[1]"), Option.some(["{\"a\":[[1,2],[3]]}", "{\"a\":[[1,2],[4]]}"]))
    for (const path of ["$.a.b", "$.a['-1']", "$.a['']", "$.a[01]", "$.a[2]"]) {
      assert.deepStrictEqual(split(text, path), Option.none(), path)
    }
  })

  it("stays whole where there are not two elements, or no list, or no JSON", () => {
    for (
      const text of [
        "{\"list\":[]}",
        "{\"list\":[1]}",
        "{\"list\":{}}",
        "{\"list\":1}",
        "{}",
        "[]",
        "7",
        "{\"list\":[1,2]",
        ""
      ]
    ) {
      assert.deepStrictEqual(split(text), Option.none(), text)
    }
  })

  it("stays whole where it would become too many or too much", () => {
    const text = "{\"list\":[1,2,3]}"
    assert.isTrue(Option.isSome(split(text, "$.list", { items: 3, bytes: 36 })))
    assert.deepStrictEqual(split(text, "$.list", { items: 2, bytes: 36 }), Option.none())
    assert.deepStrictEqual(split(text, "$.list", { items: 3, bytes: 35 }), Option.none())
  })
})
