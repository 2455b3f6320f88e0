import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Option, Schema } from "effect"
import * as Filter from "../../src/domain/Filter.ts"

const decode = Schema.decodeUnknownSync(Filter.Filter)

const byType = (pattern: string, type: string | null) =>
  Filter.matches({ types: [pattern] }, Option.fromNullable(type), () => assert.fail("the body was asked for"))

const document = {
  amount: 100,
  currency: "EUR",
  live: true,
  note: null,
  lines: [{ sku: "a-1" }, { sku: "b-2" }],
  zero: 0,
  empty: ""
}

const byRule = (path: string, op: string, value: unknown, json: Option.Option<unknown> = Option.some(document)) =>
  Filter.matches(decode({ rules: [{ path, op, value }] }), Option.none(), () => json)

describe("a filter by type", () => {
  it.each<[string, string, boolean]>([
    ["invoice.paid", "invoice.paid", true],
    ["invoice.paid", "invoice.paid2", false],
    ["invoice.paid", "Invoice.paid", false],
    ["invoice.*", "invoice.paid", true],
    ["invoice.*", "invoice.", true],
    ["invoice.*", "invoice", false],
    ["*.paid", "invoice.paid", true],
    ["*.paid", "invoice.paid.late", false],
    ["*", "anything", true],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "abc", true],
    ["a*b*c", "acb", false],
    ["a*b*c", "a-c", false],
    ["*b*b*", "ab", false],
    ["ab*ba", "aba", false],
    ["ab*ba", "abba", true],
    ["**", "x", true],
    ["a.c", "abc", false],
    ["a+", "aa", false],
    ["[ab]", "a", false]
  ])("%s against %s", (pattern, type, expected) => {
    assert.strictEqual(byType(pattern, type), expected)
  })

  const text = FastCheck.string({ unit: FastCheck.constantFrom("a", "b", "."), maxLength: 10 })
  const pattern = FastCheck.string({
    unit: FastCheck.constantFrom("a", "b", ".", "*", "*"),
    minLength: 1,
    maxLength: 8
  })

  it.prop("matches what a regular expression of the same meaning matches", [pattern, text], ([pattern, text]) => {
    const meaning = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`)
    assert.strictEqual(byType(pattern, text), meaning.test(text))
  }, { fastCheck: { numRuns: 3_000 } })

  it("does not fall for a pattern that is made to take for ever", () => {
    assert.isFalse(byType("*a".repeat(100), `${"a".repeat(5_000)}b`))
  })

  it("is content with any one of its types", () => {
    const filter = { types: ["a.*", "b.*"] }
    const matches = (type: string) => Filter.matches(filter, Option.some(type), Option.none)
    assert.deepStrictEqual(["a.1", "b.1", "c.1"].map(matches), [true, true, false])
  })

  it("lets an event without a type through only by stars", () => {
    assert.isFalse(byType("invoice.*", null))
    assert.isTrue(byType("*", null))
  })

  it("lets nothing through with an empty list of types, and everything without one", () => {
    assert.isFalse(Filter.matches({ types: [] }, Option.some("a"), Option.none))
    assert.isTrue(Filter.matches({}, Option.some("a"), Option.none))
    assert.isTrue(Filter.matches({}, Option.none(), Option.none))
  })
})

describe("a filter by rule", () => {
  it.each<[string, string, unknown, boolean]>([
    ["$.currency", "eq", "EUR", true],
    ["$.currency", "eq", "eur", false],
    ["$.amount", "eq", 100, true],
    ["$.amount", "eq", "100", false],
    ["$.zero", "eq", false, false],
    ["$.empty", "eq", "", true],
    ["$.live", "eq", true, true],
    ["$.note", "eq", null, true],
    ["$.lines[1].sku", "eq", "b-2", true],
    ["$.absent", "eq", null, false],
    ["$.absent", "ne", "EUR", true],
    ["$.absent", "ne", null, true],
    ["$.currency", "ne", "EUR", false],
    ["$.currency", "ne", "USD", true],
    ["$.note", "ne", null, false],
    ["$.amount", "gt", 99, true],
    ["$.amount", "gt", 100, false],
    ["$.amount", "gte", 100, true],
    ["$.amount", "gte", 101, false],
    ["$.amount", "lt", 101, true],
    ["$.amount", "lt", 100, false],
    ["$.amount", "lte", 100, true],
    ["$.amount", "lte", 99, false],
    ["$.amount", "gt", "1", false],
    ["$.amount", "lte", "1", false],
    ["$.currency", "gte", "EUR", true],
    ["$.currency", "lt", "F", true],
    ["$.currency", "gt", "F", false],
    ["$.live", "gte", 1, false],
    ["$.note", "lte", 0, false],
    ["$.absent", "lt", 5, false],
    ["$.absent", "gte", 0, false],
    ["$.currency", "in", ["USD", "EUR"], true],
    ["$.currency", "in", ["USD"], false],
    ["$.currency", "in", [], false],
    ["$.note", "in", [1, null], true],
    ["$.absent", "in", [null], false],
    ["$.amount", "in", ["100"], false],
    ["$.note", "exists", true, true],
    ["$.note", "exists", false, false],
    ["$.absent", "exists", true, false],
    ["$.absent", "exists", false, true],
    ["$.toString", "exists", true, false],
    ["$.lines", "eq", "a", false],
    ["$.lines", "ne", "a", true]
  ])("%s %s %j", (path, op, value, expected) => {
    assert.strictEqual(byRule(path, op, value), expected)
  })

  it("finds nothing in a body that is not JSON", () => {
    assert.isFalse(byRule("$", "exists", true, Option.none()))
    assert.isTrue(byRule("$", "exists", false, Option.none()))
    assert.isTrue(byRule("$.a", "ne", 1, Option.none()))
    assert.isFalse(byRule("$.a", "eq", 1, Option.none()))
  })

  it("wants every rule, and the type as well", () => {
    const filter = decode({
      types: ["invoice.*"],
      rules: [{ path: "$.amount", op: "gt", value: 50 }, { path: "$.currency", op: "eq", value: "EUR" }]
    })
    const matches = (type: string, json: unknown) => Filter.matches(filter, Option.some(type), () => Option.some(json))
    assert.isTrue(matches("invoice.paid", document))
    assert.isFalse(matches("customer.created", document))
    assert.isFalse(matches("invoice.paid", { ...document, amount: 50 }))
    assert.isFalse(matches("invoice.paid", { ...document, currency: "USD" }))
  })

  it.each<unknown>([
    { types: [""] },
    { types: ["x".repeat(201)] },
    { types: "invoice.*" },
    { types: undefined },
    { rules: [{ path: "amount", op: "gt", value: 1 }] },
    { rules: [{ path: "$.amount", op: "matches", value: "1" }] },
    { rules: [{ path: "$.amount", op: "gt", value: true }] },
    { rules: [{ path: "$.amount", op: "gt", value: null }] },
    { rules: [{ path: "$.amount", op: "eq", value: [] }] },
    // As JSON reads 1e400.
    { rules: [{ path: "$.amount", op: "eq", value: Infinity }] },
    { rules: [{ path: "$.amount", op: "lt", value: -Infinity }] },
    { rules: [{ path: "$.amount", op: "in", value: [1, Infinity] }] },
    { rules: [{ path: "$.amount", op: "eq" }] },
    { rules: [{ path: "$.amount", op: "in", value: "EUR" }] },
    { rules: [{ path: "$.amount", op: "exists", value: "yes" }] },
    { rules: Array.from({ length: 51 }, () => ({ path: "$.a", op: "exists", value: true })) }
  ])("is refused when it makes no sense: %j", (input) => {
    assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(Filter.Filter)(input)))
  })
})
