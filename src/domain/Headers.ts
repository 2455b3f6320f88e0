import { Option, Record, Schema } from "effect"

/** Header names in lower case, each with every value that was sent, in order. */
export const Headers = Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) })
export type Headers = typeof Headers.Type

export const HeaderName = Schema.Lowercase.pipe(
  Schema.filter((name) => /^[!#$%&'*+.^_`|~\w-]{1,100}$/.test(name) || "a header name")
)

/** The header's only value; none when it is absent or was sent twice. */
export const single = (headers: Headers, name: string): Option.Option<string> =>
  Option.flatMap(
    Record.get(headers, name),
    (values) => values.length === 1 ? Option.fromNullable(values[0]) : Option.none()
  )

/** The values as one line, as HTTP would fold them. */
export const folded = (headers: Headers, name: string): Option.Option<string> =>
  Option.map(Record.get(headers, name), (values) => values.join(", "))
