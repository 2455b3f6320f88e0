import { Array, Either, Option, Redacted } from "effect"
import { createHmac, timingSafeEqual } from "node:crypto"
import { type Refusal, refuse } from "./Refusal.ts"
import type { Request } from "./Request.ts"
import type { Hmac, Scheme, Source, Token } from "./Scheme.ts"
import * as Signature from "./Signature.ts"
import * as Timestamp from "./Timestamp.ts"

type Secrets = ReadonlyArray<Redacted.Redacted>

/**
 * Says whether one of the secrets signed the request under the scheme. Every secret is tried against every signature
 * that was sent, in constant time. Nothing in a request makes it throw.
 */
export const verify = (scheme: Scheme, secrets: Secrets, request: Request): Either.Either<void, Refusal> => {
  if (secrets.length === 0) return refuse("secret_missing", "The integration has no secret that is valid now.")
  return scheme.signature._tag === "Token"
    ? verifyToken(scheme.signature, secrets, request)
    : verifyHmac(scheme, scheme.signature, secrets, request)
}

const verifyToken = (token: Token, secrets: Secrets, request: Request): Either.Either<void, Refusal> =>
  Either.flatMap(Signature.header(token.headers, request), (value) => {
    const sent = Buffer.from(value)
    return secrets.some((secret) => equal(sent, Buffer.from(Redacted.value(secret))))
      ? Either.void
      : refuse("signature_mismatch", `The header ${token.headers.join(" or ")} does not hold a valid secret.`)
  })

const verifyHmac = (scheme: Scheme, hmac: Hmac, secrets: Secrets, request: Request): Either.Either<void, Refusal> =>
  Either.gen(function*() {
    const value = yield* Signature.header(hmac.headers, request)
    const signatures = yield* Signature.candidates(hmac, value)
    const find = finder(hmac, value, request)
    const timestamp = yield* Timestamp.check(scheme.timestamp, find, request.receivedAt)
    const id = Option.flatMap(scheme.id, find)
    if (Option.isSome(scheme.id) && Option.isNone(id)) {
      return yield* refuse(
        "id_missing",
        `The request carries no ${describe(scheme.id.value)}, which is part of what is signed.`
      )
    }
    const content = yield* signedContent(hmac, request, { timestamp, id: Option.getOrElse(id, () => "") })
    for (const secret of secrets) {
      const mac = createHmac(hmac.hash, Signature.key(hmac.key, secret))
      for (const piece of content) mac.update(piece)
      const expected = mac.digest()
      if (signatures.some((signature) => equal(signature, expected))) return
    }
    return yield* refuse(
      "signature_mismatch",
      "The signature fits none of the integration's secrets: another secret signed it, or the body was changed on the way."
    )
  })

/** Finds values of the request, with the parts of its signature header. */
export const finder = (hmac: Hmac, header: string, request: Request) => {
  const parts = Signature.parts(hmac.form, header)
  return (source: Source): Option.Option<string> =>
    "part" in source ? Option.flatMap(Option.fromNullable(parts.get(source.part)), Array.head) : find(source, request)
}

/** Finds values that stand outside the signature header. */
export const find = (source: Source, request: Request): Option.Option<string> =>
  "header" in source
    ? request.header(source.header)
    : "json" in source
    ? request.jsonText(source.json)
    : Option.none()

const describe = (source: Source): string =>
  "header" in source
    ? `header ${source.header}`
    : "json" in source
    ? `value at ${source.json.text} of its body`
    : `part "${source.part}" in its signature header`

const signedContent = (
  hmac: Hmac,
  request: Request,
  named: { readonly timestamp: string; readonly id: string }
): Either.Either<ReadonlyArray<string | Uint8Array>, Refusal> =>
  Either.all(hmac.content.parts.map((part): Either.Either<string | Uint8Array, Refusal> => {
    switch (part._tag) {
      case "Text":
        return Either.right(part.text)
      case "Header":
        return Option.match(request.header(part.name), {
          onNone: () => refuse("signed_value_missing", `The header ${part.name} is signed but was not sent once.`),
          onSome: Either.right
        })
      case "Json":
        return Option.match(request.jsonText(part.path), {
          onNone: () => refuse("signed_value_missing", `The body has no text at ${part.path.text}, which is signed.`),
          onSome: Either.right
        })
      case "Named":
        switch (part.name) {
          case "raw":
            return Either.right(request.body)
          case "method":
            return Either.right(request.method)
          case "url":
            return Either.right(request.url)
          default:
            return Either.right(named[part.name])
        }
    }
  }))

const equal = (sent: Uint8Array, expected: Uint8Array): boolean =>
  sent.byteLength === expected.byteLength && timingSafeEqual(sent, expected)
