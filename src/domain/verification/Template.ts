import { Option, ParseResult, Schema } from "effect"
import { HeaderName } from "../Headers.ts"
import * as JsonPath from "../JsonPath.ts"
import { Source } from "./Source.ts"

const Name = Schema.Literal(
  "raw",
  "timestamp",
  "id",
  "method",
  "url",
  "url:port",
  "url:no-port",
  "url:unescaped",
  "sorted-form",
  "crc32",
  "secret"
)
export type Name = typeof Name.Type

/** One piece of what is signed: fixed text, what stands in the request under that name, or at that place. */
export const Part = Schema.Union(
  Schema.TaggedStruct("Text", { text: Schema.String }),
  Schema.TaggedStruct("Named", { name: Name }),
  Schema.TaggedStruct("Placed", { source: Schema.typeSchema(Source), orEmpty: Schema.Boolean }),
  Schema.TaggedStruct("Lines", { members: Schema.Array(Schema.String) })
)
export type Part = typeof Part.Type

const isName = Schema.is(Name)
const decodeHeader = Schema.decodeOption(HeaderName)
const decodePath = Schema.decodeOption(JsonPath.JsonPath)

const named = (text: string): Option.Option<Part> => {
  if (isName(text)) return Option.some({ _tag: "Named", name: text })
  const [, kind = "", orEmpty, argument = ""] = /^([a-z]+)(\?)?:(.+)$/.exec(text) ?? []
  if (kind === "lines") {
    const members = argument.split(",")
    return orEmpty === undefined && members.every((_) => _ !== "")
      ? Option.some({ _tag: "Lines", members })
      : Option.none()
  }
  return Option.map(sourceOf(kind, argument), (source) => ({ _tag: "Placed", source, orEmpty: orEmpty !== undefined }))
}

const sourceOf = (kind: string, argument: string): Option.Option<Source> => {
  switch (kind) {
    case "header":
      return Option.map(decodeHeader(argument.toLowerCase()), (header) => ({ header }))
    case "query":
      return Option.some({ query: argument })
    case "form":
      return Option.some({ form: argument })
    case "json":
      return Option.map(decodePath(argument), (json) => ({ json }))
    case "item":
      return Option.map(decodePath(argument), (item) => ({ item }))
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
 * What is signed, written as `{timestamp}.{raw}`. Names:
 *
 * - `raw`, the exact body; `crc32`, its checksum as a decimal number; `sorted-form`, its fields by name, each name followed
 *   by its value
 * - `timestamp` and `id`, as they were sent; `secret`, the integration's
 * - `method`; `url`, and as variants of it `url:port`, with the scheme's usual port, `url:no-port`, without
 *   any, and `url:unescaped`, without the escapes that a URL need not have
 * - `header:name`, `query:name`, `form:name`, `json:$.path`, `item:$.path`: what stands there; with `?` before the colon
 *   nothing stands for what is missing
 * - `lines:A,B`: of these members of the body those that are there, each as its name and its value on a line of its own
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
              "Expected a template of {raw}, {timestamp}, {id}, {method}, {url}, {header:name}, {query:name}, " +
                "{form:name}, {json:$.path} and others"
            )
          ),
        onSome: (parts) => ParseResult.succeed({ text, parts })
      }),
    encode: ({ text }) => ParseResult.succeed(text)
  }
)
export type Template = typeof Template.Type

export const make = Schema.decodeSync(Template)
