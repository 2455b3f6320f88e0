import { Option, ParseResult, Schema } from "effect"

type Headers = Readonly<Record<string, string>>

/** `name=value[,name=value…]`, values percent-encoded where they must be, as OpenTelemetry's variables have them. */
export const OtelHeaders = Schema.transformOrFail(
  Schema.String,
  Schema.Record({ key: Schema.String, value: Schema.String }),
  {
    strict: true,
    decode: (text, _, ast) =>
      Option.match(parse(text), {
        onNone: () => ParseResult.fail(new ParseResult.Type(ast, "<redacted>", "Expected name=value[,name=value…]")),
        onSome: ParseResult.succeed
      }),
    encode: (headers) =>
      ParseResult.succeed(Object.entries(headers).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join())
  }
)

const parse = (text: string): Option.Option<Headers> =>
  Option.map(Option.all(text.split(",").map((part) => parsePart(part.trim()))), Object.fromEntries)

const parsePart = (part: string): Option.Option<readonly [name: string, value: string]> => {
  const [, name = "", encoded = ""] = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*(.+)$/.exec(part) ?? []
  return Option.map(
    Option.filter(decode(encoded), (value) => name !== "" && /^[\x20-\x7e]+$/.test(value)),
    (value) => [name.toLowerCase(), value]
  )
}

const decode = Option.liftThrowable(decodeURIComponent)
