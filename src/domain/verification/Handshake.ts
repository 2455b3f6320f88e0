import { Option, Record, Redacted, Schema } from "effect"
import { createHmac } from "node:crypto"
import { option } from "../Fields.ts"
import * as Bytes from "./Bytes.ts"
import { Condition, defaulted, Encoding, Hash, hold } from "./Language.ts"
import type { Request } from "./Request.ts"
import { find, placeOf, Source } from "./Source.ts"

/** A fixed value, one that the request sent, or the signature of one that it sent. */
const Value = Schema.Union(
  Schema.String,
  Schema.Number,
  Schema.Struct({ value: Source }),
  Schema.Struct({
    hmac: Source,
    hash: defaulted(Hash, "sha256"),
    encoding: defaulted(Encoding, "hex"),
    prefix: defaulted(Schema.String, "")
  })
)
type Value = typeof Value.Type

/** What proves a handshake: the scheme's signature, the integration's own verify token, or nothing. */
export const ProvenBy = Schema.Union(
  Schema.Literal("signature", "nothing"),
  Schema.Struct({ verifyToken: Source })
)

/**
 * A request by which a provider finds out whether the URL is the user's, or lives. It is answered at once, and is no event.
 * `visit`: a URL of the provider's own hosts that is to be opened, by which the user agrees.
 */
export const Handshake = Schema.Struct({
  method: defaulted(Schema.Literal("GET", "HEAD", "POST"), "POST"),
  when: Schema.Array(Condition),
  provenBy: defaulted(ProvenBy, "signature"),
  visit: option(Schema.Struct({ at: Source, hosts: Schema.NonEmptyArray(Schema.NonEmptyString) })),
  status: defaulted(Schema.Int.pipe(Schema.between(200, 299)), 200),
  text: option(Source),
  json: option(Schema.Record({ key: Schema.String, value: Value }))
})
export interface Handshake extends Schema.Schema.Type<typeof Handshake> {}

/** The handshake that a request is, if it is one; those that a signature proves are to be looked for once it has. */
export const of = (
  handshakes: ReadonlyArray<Handshake>,
  isSigned: boolean,
  request: Request
): Option.Option<Handshake> => {
  const place = placeOf(request)
  return Option.fromNullable(
    handshakes.find(({ method, provenBy, when }) =>
      (provenBy === "signature") === isSigned && method === request.method && hold(when, place)
    )
  )
}

/** Whether the request carries the verify token that it must. */
export const carriesToken = (
  source: Source,
  verifyToken: Option.Option<Redacted.Redacted>,
  request: Request
): boolean => {
  const sent = Option.map(find(source, placeOf(request)), (_) => Buffer.from(_))
  const expected = Option.map(verifyToken, (_) => Buffer.from(Redacted.value(_)))
  return Option.isSome(sent) && Option.isSome(expected) && Bytes.equal(sent.value, expected.value)
}

/** Whether anybody may have a challenge signed. */
export const signsForAnybody = (handshakes: ReadonlyArray<Handshake>): boolean =>
  handshakes.some(({ json, provenBy }) =>
    provenBy === "nothing" &&
    Option.exists(json, (members) =>
      Object.values(members).some((value) => typeof value === "object" && "hmac" in value))
  )

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const maxEcho = 2_000

/** Whether the gateway signs such a challenge. What it would sign for anybody proves nothing, so no webhook may look so. */
export const isSignable = (text: string): boolean => /^[A-Za-z0-9+/_.~-]{1,200}={0,2}$/.test(text)

/** What the provider is answered; none when the request lacks what is to be answered. */
export const answer = (
  handshake: Handshake,
  secret: Option.Option<Redacted.Redacted>,
  request: Request
): Option.Option<Answer> => {
  const place = placeOf(request)
  const sent = (source: Source) => Option.filter(find(source, place), ({ length }) => length <= maxEcho)
  const value = (value: Value): Option.Option<string | number> => {
    if (typeof value !== "object") return Option.some(value)
    if ("value" in value) return sent(value.value)
    return Option.zipWith(
      Option.filter(sent(value.hmac), isSignable),
      secret,
      (text, key) => value.prefix + createHmac(value.hash, Redacted.value(key)).update(text).digest(value.encoding)
    )
  }
  const { json, status, text } = handshake
  if (Option.isSome(json)) {
    return Option.map(
      Option.all(Record.map(json.value, value)),
      (members) => ({ status, contentType: "application/json", body: JSON.stringify(members) })
    )
  }
  return Option.isSome(text)
    ? Option.map(sent(text.value), (body) => ({ status, contentType: "text/plain; charset=utf-8", body }))
    : Option.some({ status, contentType: "text/plain; charset=utf-8", body: "" })
}
