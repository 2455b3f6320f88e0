import { Option, Predicate, Schema } from "effect"
import type { LazyArg } from "effect/Function"
import * as JsonPath from "./JsonPath.ts"

// JSON reads 1e400 as infinity and writes that as null: such a rule could not be read again.
const Scalar = Schema.Union(Schema.String, Schema.JsonNumber, Schema.Boolean, Schema.Null)

/** One condition on the JSON body. `exists` asks only whether the path leads somewhere. */
export const Rule = Schema.Union(
  Schema.Struct({ path: JsonPath.JsonPath, op: Schema.Literal("eq", "ne"), value: Scalar }),
  Schema.Struct({
    path: JsonPath.JsonPath,
    op: Schema.Literal("gt", "gte", "lt", "lte"),
    value: Schema.Union(Schema.String, Schema.JsonNumber)
  }),
  Schema.Struct({ path: JsonPath.JsonPath, op: Schema.Literal("in"), value: Schema.Array(Scalar) }),
  Schema.Struct({ path: JsonPath.JsonPath, op: Schema.Literal("exists"), value: Schema.Boolean })
)
export type Rule = typeof Rule.Type

/** Which events a destination wants: one of the types (`*` stands for any text) and every rule. Empty: all events. */
export const Filter = Schema.Struct({
  types: Schema.optionalWith(Schema.Array(Schema.NonEmptyString.pipe(Schema.maxLength(200))), { exact: true }),
  rules: Schema.optionalWith(Schema.Array(Rule).pipe(Schema.maxItems(50)), { exact: true })
})
export type Filter = typeof Filter.Type

/** A filter as an operator says it: a list that nothing could be one of is a mistake. */
export const FilterInput = Filter.pipe(
  Schema.filter(({ rules = [], types }) => [
    ...(types?.length === 0 ? [empty("types")] : []),
    ...rules.flatMap((rule, index) =>
      rule.op === "in" && rule.value.length === 0 ? [empty("rules", index, "value")] : []
    )
  ])
)

const empty = (...path: ReadonlyArray<string | number>) => ({ path, message: "is empty, so no event would match" })

/** Whether the filter lets an event through. The body as JSON (none when it is not) is asked for only by rules. */
export const matches = (filter: Filter, type: Option.Option<string>, json: LazyArg<Option.Option<unknown>>): boolean =>
  (filter.types === undefined || filter.types.some((pattern) => glob(pattern, Option.getOrElse(type, () => "")))) &&
  (filter.rules === undefined || filter.rules.every((rule) => holds(rule, json())))

const holds = (rule: Rule, json: Option.Option<unknown>): boolean => {
  const found = Option.flatMap(json, (document) => JsonPath.get(document, rule.path))
  if (rule.op === "exists") return Option.isSome(found) === rule.value
  if (Option.isNone(found)) return rule.op === "ne"
  const value = found.value
  switch (rule.op) {
    case "eq":
      return value === rule.value
    case "ne":
      return value !== rule.value
    case "in":
      return rule.value.some((_) => _ === value)
    default:
      return ordered(value, rule.op, rule.value)
  }
}

const ordered = (value: unknown, op: "gt" | "gte" | "lt" | "lte", bound: string | number): boolean => {
  const order = Predicate.isNumber(value) && Predicate.isNumber(bound)
    ? value - bound
    : Predicate.isString(value) && Predicate.isString(bound)
    ? Number(value > bound) - Number(value < bound)
    : Number.NaN
  switch (op) {
    case "gt":
      return order > 0
    case "gte":
      return order >= 0
    case "lt":
      return order < 0
    case "lte":
      return order <= 0
  }
}

// Linear in the text for each star; a regular expression made of many `.*` would not be.
const glob = (pattern: string, text: string): boolean => {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let from = first.length
  for (const piece of rest) {
    const at = text.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return text.length - from >= last.length && text.endsWith(last)
}
