import { Schema } from "effect"
import { HeaderName } from "../Headers.ts"
import { JsonPath } from "../JsonPath.ts"
import { Template } from "./Template.ts"

/**
 * Where a value of a request stands: a header, a path into the JSON body, or a named part of the signature header's
 * own list (`t` in `t=1,v1=…`).
 */
export const Source = Schema.Union(
  Schema.Struct({ header: HeaderName }),
  Schema.Struct({ json: JsonPath }),
  Schema.Struct({ part: Schema.NonEmptyString })
)
export type Source = typeof Source.Type

/** Values that only together say something; where one is missing the whole is. */
export const Composite = Schema.NonEmptyArray(Source)
export type Composite = typeof Composite.Type

/**
 * How the header carries signatures: one value behind a prefix, or a list of `key{assign}signature` in which the key
 * may come back (two signatures during a rotation).
 */
export const Form = Schema.Union(
  Schema.TaggedStruct("Plain", { prefix: Schema.String, prefixOptional: Schema.Boolean }),
  Schema.TaggedStruct("List", {
    separator: Schema.NonEmptyString,
    assign: Schema.NonEmptyString,
    key: Schema.NonEmptyString
  })
)
export type Form = typeof Form.Type

export const Hash = Schema.Literal("sha1", "sha256", "sha512")
export type Hash = typeof Hash.Type

export const Encoding = Schema.Literal("hex", "base64", "base64url")
export type Encoding = typeof Encoding.Type

/** How a secret's text becomes the key: as it stands, or decoded, perhaps after a prefix such as `whsec_`. */
export const Key = Schema.Struct({ encoding: Schema.Literal("utf8", "hex", "base64"), stripPrefix: Schema.String })
export type Key = typeof Key.Type

/** The first header that was sent carries the signature; the others are older or newer names of it. */
const headers = Schema.NonEmptyArray(HeaderName)

export const Hmac = Schema.TaggedStruct("Hmac", {
  headers,
  form: Form,
  hash: Hash,
  encoding: Encoding,
  key: Key,
  content: Template
})
export type Hmac = typeof Hmac.Type

/** The header's value is the secret itself. It is a secret too: it is sealed wherever the request is kept. */
export const Token = Schema.TaggedStruct("Token", { headers })
export type Token = typeof Token.Type

/** The moment of signing and how far it may lie from the moment of receipt, in seconds. */
export const Timestamp = Schema.Struct({
  source: Source,
  unit: Schema.Literal("seconds", "milliseconds", "iso"),
  maxAge: Schema.Positive,
  maxAhead: Schema.Positive
})
export type Timestamp = typeof Timestamp.Type

/**
 * How a provider signs and names its webhooks: data, read by one interpreter. `dedupe` and `type` list alternatives;
 * the first that is complete counts. Without a complete dedupe key the body's hash is the key.
 */
export const Scheme = Schema.Struct({
  signature: Schema.Union(Hmac, Token),
  timestamp: Schema.OptionFromSelf(Timestamp),
  id: Schema.OptionFromSelf(Source),
  dedupe: Schema.Array(Composite),
  type: Schema.Array(Composite)
})
export type Scheme = typeof Scheme.Type

/** Headers whose values are secrets under this scheme. */
export const secretHeaders = (scheme: Scheme): ReadonlyArray<string> =>
  scheme.signature._tag === "Token" ? scheme.signature.headers : []
