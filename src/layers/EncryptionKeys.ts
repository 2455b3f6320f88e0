import { Array, Option, ParseResult, Redacted, Schema } from "effect"
import type { EncryptionKey } from "../services/Settings.ts"

type Keys = readonly [EncryptionKey, ...Array<EncryptionKey>]

const keyBytes = 32

/** `id:base64key[,id:base64key…]`: different ids, keys of 32 bytes. */
export const EncryptionKeys = Schema.transformOrFail(
  Schema.String,
  Schema.declare((_): _ is Keys => Array.isArray(_)),
  {
    strict: true,
    decode: (text, _, ast) =>
      Option.match(parse(text), {
        onNone: () =>
          ParseResult.fail(new ParseResult.Type(ast, "<redacted>", "Expected id:base64key[,id:base64key…]")),
        onSome: ParseResult.succeed
      }),
    encode: (keys) => ParseResult.succeed(format(keys))
  }
)

/** The keys as they stand in the environment. */
export const format = (keys: Keys): string =>
  keys.map(({ bytes, id }) => `${id}:${Buffer.from(Redacted.value(bytes)).toString("base64")}`).join(",")

const parse = (text: string): Option.Option<Keys> =>
  Option.all(text.split(",").map((entry) => parseKey(entry.trim()))).pipe(
    Option.filter((keys): keys is [EncryptionKey, ...Array<EncryptionKey>] => keys.length > 0),
    Option.filter((keys) => new Set(keys.map((_) => _.id)).size === keys.length)
  )

const parseKey = (entry: string): Option.Option<EncryptionKey> => {
  const [, id = "", base64 = ""] = /^([\w-]{1,32}):([A-Za-z0-9+/]+=*)$/.exec(entry) ?? []
  const bytes = Buffer.from(base64, "base64")
  return id !== "" && bytes.byteLength === keyBytes ? Option.some({ id, bytes: Redacted.make(bytes) }) : Option.none()
}
