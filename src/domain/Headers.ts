import { Option, Record, Schema } from "effect"

/** Header names in lower case, each with every value that was sent, in order. */
export const Headers = Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) })
export type Headers = typeof Headers.Type

/** Headers from a list of names and values in turn, as they came in. */
export const ofRaw = (raw: ReadonlyArray<string>): Headers => {
  const headers = new Map<string, Array<string>>()
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? ""
    const value = raw[at + 1] ?? ""
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  return Object.fromEntries(headers)
}

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
