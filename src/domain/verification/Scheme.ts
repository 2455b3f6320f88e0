import { Schema } from "effect"
import { option } from "../Fields.ts"
import { JsonPath } from "../JsonPath.ts"
import { Handshake } from "./Handshake.ts"
import { Condition, defaulted, Encoding, Hash } from "./Language.ts"
import { Source } from "./Source.ts"
import { Template } from "./Template.ts"

/** Values that only together say something; where one is missing the whole is. */
export const Composite = Schema.NonEmptyArray(Source)
export type Composite = typeof Composite.Type

const Plain = Schema.Struct({ prefix: Schema.String, optional: defaulted(Schema.Boolean, false) })
const List = Schema.Struct({
  separator: Schema.NonEmptyString,
  assign: Schema.NonEmptyString,
  key: Schema.NonEmptyString
})

/**
 * How signatures are written: one behind a prefix, or a list of `key{assign}signature` in which the key may come back (two
 * signatures during a rotation).
 */
export const Form = Schema.Union(Plain, List)
export type Form = typeof Form.Type

/**
 * How a secret's text becomes the key: as it stands, or decoded, perhaps after a prefix such as `whsec_`. A secret that
 * begins with a prefix that some proof of the scheme requires belongs to such proofs alone.
 */
export const Key = Schema.Struct({
  encoding: defaulted(Schema.Literal("utf8", "hex", "base64"), "utf8"),
  prefix: defaulted(Schema.String, ""),
  prefixRequired: defaulted(Schema.Boolean, false),
  /** Whether the prefix is a part of the key. */
  prefixStays: defaulted(Schema.Boolean, false)
})
export interface Key extends Schema.Schema.Type<typeof Key> {}

const tenYears = 315_360_000
const Seconds = Schema.Int.pipe(Schema.between(1, tenYears))

/** The moment of signing and how far it may lie from the moment of receipt, in seconds. */
export const Timestamp = Schema.Struct({
  at: Source,
  unit: defaulted(Schema.Literal("seconds", "milliseconds", "iso"), "seconds"),
  maxAge: defaulted(Seconds, 300),
  maxAhead: defaulted(Seconds, 300)
})
export interface Timestamp extends Schema.Schema.Type<typeof Timestamp> {}

/** A hash of the body that stands somewhere in what is signed instead of the body itself. */
const BodyHash = Schema.Struct({ at: Source, hash: defaulted(Hash, "sha256"), encoding: defaulted(Encoding, "hex") })

const common = {
  /** The proof is looked at only where all of these hold. */
  when: defaulted(Schema.Array(Condition), []),
  /** A list in the body, each element of which carries the proof. */
  each: option(JsonPath),
  key: defaulted(Key, { encoding: "utf8", prefix: "", prefixRequired: false, prefixStays: false })
}

// Each costs a signature of the whole body, before anything is believed.
const maxContents = 4
const maxProofs = 4

const carried = {
  ...common,
  /** The first of these that was sent carries the signature; the others are older or newer places of it. */
  at: Schema.NonEmptyArray(Source),
  form: defaulted(Form, { prefix: "", optional: false }),
  encoding: defaulted(Encoding, "hex"),
  /** What is signed; of several, any one that the request can fill. */
  content: Schema.optionalWith(Schema.NonEmptyArray(Template).pipe(Schema.maxItems(maxContents)), {
    default: () => [rawBody],
    exact: true
  }),
  timestamp: option(Timestamp),
  id: option(Source),
  bodyHash: option(BodyHash)
}

const rawBody: Template = { text: "{raw}", parts: [{ _tag: "Named", name: "raw" }] }

export const Hmac = Schema.Struct({ kind: Schema.Literal("hmac"), hash: defaulted(Hash, "sha256"), ...carried })
export interface Hmac extends Schema.Schema.Type<typeof Hmac> {}

/** The secret is the sender's public key: 32 bytes for ed25519, SPKI for ecdsa-p256. */
export const PublicKey = Schema.Struct({
  kind: Schema.Literal("public-key"),
  algorithm: Schema.Literal("ed25519", "ecdsa-p256"),
  ...carried
})
export interface PublicKey extends Schema.Schema.Type<typeof PublicKey> {}

/**
 * RSA, by a certificate that the request names and only the provider's own hosts may give. The secret names what the sender
 * speaks for: it stands at `speaksFor`, or in what is signed.
 */
export const Certificate = Schema.Struct({
  kind: Schema.Literal("certificate"),
  hash: defaulted(Schema.Literal("sha1", "sha256"), "sha256"),
  certificate: Source,
  /** Patterns of host names, as `Hosts.allows` reads them. */
  hosts: Schema.NonEmptyArray(Schema.NonEmptyString),
  speaksFor: option(Source),
  ...carried
})
export interface Certificate extends Schema.Schema.Type<typeof Certificate> {}

/** What stands there is the secret itself. It is a secret too: in a header it is sealed wherever the request is kept. */
export const Token = Schema.Struct({ kind: Schema.Literal("token"), at: Schema.NonEmptyArray(Source), ...common })
export interface Token extends Schema.Schema.Type<typeof Token> {}

/** HTTP's basic authentication; the secret is `user:password`. */
export const Basic = Schema.Struct({ kind: Schema.Literal("basic"), ...common })
export interface Basic extends Schema.Schema.Type<typeof Basic> {}

/** Nothing is proven: anybody who knows the URL is believed. */
export const Nothing = Schema.Struct({ kind: Schema.Literal("none"), ...common })

export const Proof = Schema.Union(Hmac, PublicKey, Certificate, Token, Basic, Nothing)
export type Proof = typeof Proof.Type

/** What answers an accepted webhook instead of the gateway's own 202. */
export const Response = Schema.Struct({
  status: Schema.Int.pipe(Schema.between(200, 299)),
  body: Schema.String.pipe(Schema.maxLength(4_096)),
  contentType: Schema.NonEmptyString.pipe(Schema.maxLength(100), Schema.pattern(/^[\x20-\x7e]+$/))
})

/**
 * How a provider signs and names its webhooks: data, read by one interpreter. One of the proofs suffices. `dedupe` and
 * `type` list alternatives; the first that is complete counts. Without a complete dedupe key the body's hash is the key.
 */
export const Scheme = Schema.Struct({
  proofs: Schema.NonEmptyArray(Proof).pipe(Schema.maxItems(maxProofs)),
  dedupe: defaulted(Schema.Array(Composite), []),
  type: defaulted(Schema.Array(Composite), []),
  /** A list in the body whose only element names the event; a list of several is named by the body's hash, unless it is split. */
  only: option(JsonPath),
  /** Whether each element of that list becomes an event of its own. */
  split: defaulted(Schema.Boolean, false),
  /** What is the same webhook where no key is complete: the same body, or only the same body at the same millisecond. */
  unnamed: defaulted(Schema.Literal("body", "moment"), "body"),
  handshakes: defaulted(Schema.Array(Handshake), []),
  response: option(Response)
})
export interface Scheme extends Schema.Schema.Type<typeof Scheme> {}

/** A scheme as it is written. */
export type Written = typeof Scheme.Encoded

export const make: (written: Written) => Scheme = Schema.decodeSync(Scheme)

/** Headers whose values are secrets under this scheme. */
export const secretHeaders = ({ handshakes, proofs }: Scheme): ReadonlyArray<string> =>
  [
    ...proofs.flatMap((proof) => proof.kind === "token" ? proof.at : []),
    ...handshakes.flatMap(({ provenBy }) => typeof provenBy === "object" ? [provenBy.verifyToken] : [])
  ].flatMap((source) => "header" in source ? [source.header] : [])

/** Whether the URL that the provider calls is a part of what it signs. */
export const signsUrl = ({ proofs }: Scheme): boolean =>
  proofs.some((proof) =>
    "content" in proof &&
    proof.content.some(({ parts }) => parts.some((part) => part._tag === "Named" && part.name.startsWith("url")))
  )
