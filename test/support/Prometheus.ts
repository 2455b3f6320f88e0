import { Schema } from "effect"
import parse from "parse-prometheus-text-format"

/** As the format writes numbers. */
const Numeral = Schema.transform(Schema.String, Schema.NumberFromString, {
  strict: true,
  decode: (text) => text.replace("Inf", "Infinity").replace("+", ""),
  encode: (text) => text
})

const Texts = Schema.Record({ key: Schema.String, value: Schema.String })

const Family = Schema.Struct({
  name: Schema.String,
  help: Schema.String,
  type: Schema.Literal("COUNTER", "GAUGE", "HISTOGRAM"),
  metrics: Schema.Array(Schema.Struct({
    value: Schema.optional(Numeral),
    labels: Schema.optional(Texts),
    buckets: Schema.optional(Schema.Record({ key: Schema.String, value: Numeral })),
    count: Schema.optional(Numeral),
    sum: Schema.optional(Numeral)
  }))
})

const decode = Schema.decodeUnknownSync(Schema.Array(Family))

/** What a parser that is not ours reads. */
export const read = (text: string) => new Map(decode(parse(text)).map((family) => [family.name, family]))

export type Families = ReturnType<typeof read>

/** The value of a counter's or gauge's series; 0 where there is none. */
export const value = (families: Families, name: string, labels: Readonly<Record<string, string>> = {}): number =>
  families.get(name)?.metrics.find((_) => Object.entries(labels).every(([key, text]) => _.labels?.[key] === text))
    ?.value ?? 0

/** How many values a histogram has taken. */
export const count = (families: Families, name: string): number => families.get(name)?.metrics[0]?.count ?? 0
