import { Option, ParseResult, Schema } from "effect"
import { HeaderName } from "../Headers.ts"
import * as JsonPath from "../JsonPath.ts"

const Name = Schema.Literal("raw", "timestamp", "id", "method", "url")

/** One piece of what is signed: fixed text, or what stands in the request under that name. */
export const Part = Schema.Union(
  Schema.TaggedStruct("Text", { text: Schema.String }),
  Schema.TaggedStruct("Named", { name: Name }),
  Schema.TaggedStruct("Header", { name: Schema.String }),
  Schema.TaggedStruct("Json", { path: Schema.typeSchema(JsonPath.JsonPath) })
)
export type Part = typeof Part.Type

const isName = Schema.is(Name)
const decodeHeader = Schema.decodeOption(HeaderName)
const decodePath = Schema.decodeOption(JsonPath.JsonPath)

const named = (text: string): Option.Option<Part> => {
  if (isName(text)) return Option.some({ _tag: "Named", name: text })
  const [kind, ...rest] = text.split(":")
  const argument = rest.join(":")
  switch (kind) {
    case "header":
      return Option.map(decodeHeader(argument.toLowerCase()), (name) => ({ _tag: "Header", name }))
    case "json":
      return Option.map(decodePath(argument), (path) => ({ _tag: "Json", path }))
    default:
      return Option.none()
  }
}

const parse = (text: string): Option.Option<ReadonlyArray<Part>> =>
  Option.all(
    text.split(/(\{[^{}]*\})/).filter((piece) => piece !== "").map((piece): Option.Option<Part> => {
      if (/^\{[^{}]*\}$/.test(piece)) return named(piece.slice(1, -1))
      return /[{}]/.test(piece) ? Option.none() : Option.some({ _tag: "Text", text: piece })
    })
  )

/**
 * What is signed, written as `{timestamp}.{raw}`. Names: `raw` (the exact body), `timestamp` and `id` (as they were
 * sent), `method`, `url`, `header:name`, `json:$.path`.
 */
export const Template = Schema.transformOrFail(
  Schema.String,
  Schema.Struct({ text: Schema.String, parts: Schema.Array(Part) }),
  {
    strict: true,
    decode: (text, _, ast) =>
      Option.match(parse(text), {
        onNone: () =>
          ParseResult.fail(
            new ParseResult.Type(
              ast,
              text,
              "Expected a template of {raw}, {timestamp}, {id}, {method}, {url}, {header:name} and {json:$.path}"
            )
          ),
        onSome: (parts) => ParseResult.succeed({ text, parts })
      }),
    encode: ({ text }) => ParseResult.succeed(text)
  }
)
export type Template = typeof Template.Type

export const make = Schema.decodeSync(Template)
