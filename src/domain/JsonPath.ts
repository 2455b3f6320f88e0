import { Option, ParseResult, Predicate, Schema } from "effect"

const step = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\['([^'\\]*)'\]/y

const parse = (text: string): Option.Option<ReadonlyArray<string>> => {
  if (!text.startsWith("$") || text.length > 200) return Option.none()
  const keys: Array<string> = []
  step.lastIndex = 1
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    const key = found?.[1] ?? found?.[2] ?? found?.[3]
    if (key === undefined) return Option.none()
    keys.push(key)
  }
  return Option.some(keys)
}

/** A way into a JSON document; written as `$`, then `.name`, `[index]` or `['any name']`. */
export const JsonPath = Schema.transformOrFail(
  Schema.String,
  Schema.Struct({ text: Schema.String, keys: Schema.Array(Schema.String) }),
  {
    strict: true,
    decode: (text, _, ast) =>
      Option.match(parse(text), {
        onNone: () =>
          ParseResult.fail(new ParseResult.Type(ast, text, "Expected a JSON path such as $.data.object.id")),
        onSome: (keys) => ParseResult.succeed({ text, keys })
      }),
    encode: ({ text }) => ParseResult.succeed(text)
  }
)
export interface JsonPath extends Schema.Schema.Type<typeof JsonPath> {}

export const make = Schema.decodeSync(JsonPath)

/** The way to a member of the document itself. */
export const member = (name: string): JsonPath => ({ text: `$['${name}']`, keys: [name] })

/** The value at the path; none when a step leads nowhere. Inherited properties do not count. */
export const get = (document: unknown, path: JsonPath): Option.Option<unknown> => {
  let value = document
  for (const key of path.keys) {
    if (!isContainer(value) || !Object.hasOwn(value, key)) return Option.none()
    value = value[key]
  }
  return value === undefined ? Option.none() : Option.some(value)
}

const isContainer = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Predicate.isRecord(value) || Array.isArray(value)
