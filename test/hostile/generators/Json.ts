import { FastCheck } from "effect"
import * as Texts from "./Texts.ts"

const inText = Texts.text.map((text) => JSON.stringify(text))

/** The text of a JSON value that a reader may choke on. */
export const anything: FastCheck.Arbitrary<string> = FastCheck.oneof(
  { arbitrary: inText, weight: 4 },
  { arbitrary: Texts.number, weight: 2 },
  {
    arbitrary: FastCheck.constantFrom(
      "null",
      "true",
      "[]",
      "{}",
      "[[]]",
      "[null]",
      "{\"__proto__\":{\"a\":1}}",
      "{\"constructor\":{\"prototype\":{\"a\":1}}}",
      "{\"a\":1,\"a\":2}",
      "{\"\":0}",
      "{\"\\u0000\":0}",
      "\"\\ud800\"",
      "\"\\u0000\"",
      "\"\\u000a\\u000d\""
    ),
    weight: 3
  },
  { arbitrary: FastCheck.json({ maxDepth: 3 }), weight: 1 },
  {
    arbitrary: FastCheck.tuple(FastCheck.constantFrom(40, 60, 10_000), FastCheck.boolean()).map(([depth, list]) =>
      list ? "[".repeat(depth) + "]".repeat(depth) : "{\"a\":".repeat(depth) + "1" + "}".repeat(depth)
    ),
    weight: 1
  },
  { arbitrary: FastCheck.constantFrom(100, 4_000, 20_000).map((length) => `[${"1,".repeat(length)}1]`), weight: 1 }
)

/** A value of the same kind as another that is where such values end. */
export const near = (value: unknown): FastCheck.Arbitrary<string> => {
  if (typeof value === "number") return Texts.number
  if (typeof value === "string") return inText
  if (Array.isArray(value)) return FastCheck.array(near(value[0]), { maxLength: 3 }).map((_) => `[${_.join(",")}]`)
  return value !== null && typeof value === "object" ? spoilt({ ...value }) : anything
}

/** An object as text with some of its fields replaced, repeated, or added to. */
export const spoilt = (fields: Readonly<Record<string, unknown>>): FastCheck.Arbitrary<string> => {
  const change = FastCheck.oneof(
    {
      arbitrary: FastCheck.constantFrom(...Object.entries(fields)).chain(([name, usual]) =>
        FastCheck.tuple(
          FastCheck.constant(name),
          FastCheck.oneof({ arbitrary: near(usual), weight: 3 }, { arbitrary: anything, weight: 1 })
        )
      ),
      weight: 12
    },
    { arbitrary: FastCheck.tuple(Texts.text, anything), weight: 1 }
  )
  return FastCheck.array(change, { minLength: 1, maxLength: 2 }).map((changes) => {
    const changed = new Set(changes.map(([name]) => name))
    const kept = Object.entries(fields).filter(([name]) => !changed.has(name)).map(([name, value]) =>
      [name, JSON.stringify(value)] as const
    )
    return `{${[...kept, ...changes].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`
  })
}

const encoded = (text: string): FastCheck.Arbitrary<Uint8Array> =>
  FastCheck.oneof(
    { arbitrary: FastCheck.constant(Buffer.from(text)), weight: 20 },
    {
      arbitrary: FastCheck.constantFrom(
        Buffer.from(text, "utf16le"),
        Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, "utf16le")]),
        Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(text)]),
        Buffer.concat([Buffer.from(text), Buffer.of(0xc0, 0x80)]),
        Buffer.from(text.replace("\":\"", "\":\"\xff\xc0\x80\xed\xa0\x80"), "latin1"),
        Buffer.from(text).subarray(0, -1),
        Buffer.from(`${text}${text}`),
        Buffer.from(`/**/${text}`),
        Buffer.from(text.replaceAll("\"", "'")),
        Buffer.from(`)]}',\n${text}`)
      ),
      weight: 1
    }
  )

/** The bytes of a body that is nearly the object, or not at all. */
export const body = (fields: Readonly<Record<string, unknown>>): FastCheck.Arbitrary<Uint8Array> =>
  FastCheck.oneof(
    { arbitrary: spoilt(fields), weight: 20 },
    { arbitrary: anything, weight: 1 },
    { arbitrary: Texts.text, weight: 1 }
  ).chain(encoded)
