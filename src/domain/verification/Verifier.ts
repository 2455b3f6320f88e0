import { Either, Option, Redacted } from "effect"
import { createHash } from "node:crypto"
import * as JsonPath from "../JsonPath.ts"
import * as Bytes from "./Bytes.ts"
import * as Content from "./Content.ts"
import * as Handshake from "./Handshake.ts"
import * as Keys from "./Keys.ts"
import { hold } from "./Language.ts"
import { type Refusal, refuse } from "./Refusal.ts"
import type { Request } from "./Request.ts"
import type { Basic, Proof, Scheme, Token } from "./Scheme.ts"
import * as Signature from "./Signature.ts"
import * as SignatureCheck from "./SignatureCheck.ts"
import { describe, find, type Place, placeOf } from "./Source.ts"
import * as Timestamp from "./Timestamp.ts"

type Secret = Redacted.Redacted
type Pieces = SignatureCheck.Pieces
type Signed = SignatureCheck.Signed
type Secrets = ReadonlyArray<Secret>

/** The secret that proved the request; none where nothing is proven. */
type Verdict = Either.Either<Option.Option<Secret>, Refusal>

interface Beside {
  readonly certificates: SignatureCheck.Certificates
  /** Whether a handshake of the scheme signs for anybody. */
  readonly isOracle: boolean
}

/**
 * Says whether one of the secrets proves the request under the scheme. How long a comparison takes tells nothing of a
 * signature or a secret but its length. Nothing in a request makes it throw.
 */
export const verify = (
  scheme: Scheme,
  secrets: Secrets,
  request: Request,
  certificates: SignatureCheck.Certificates = Option.none
): Verdict => {
  const place = placeOf(request)
  const isOracle = Handshake.signsForAnybody(scheme.handshakes)
  let refusal = secrets.length === 0 ? noSecret : noProof
  for (const proof of scheme.proofs) {
    if (!hold(proof.when, place)) continue
    const verdict = tried(proof, Keys.belonging(proof, scheme.proofs, secrets), place, { certificates, isOracle })
    if (Either.isRight(verdict)) return verdict
    if (further(verdict.left, refusal)) refusal = verdict
  }
  return refusal
}

const noSecret: Verdict = refuse("secret_missing", "The integration has no secret that is valid now.")
const noProof: Verdict = refuse(
  "signature_missing",
  "The request carries nothing that the provider proves its webhooks by."
)

/** Of several refusals the one that looked at something that was sent says most. */
const further = (refusal: Refusal, before: Verdict): boolean =>
  Either.isLeft(before) && (
    before.left.reason === "secret_missing" ||
    before.left.reason === "signature_missing" && refusal.reason !== "secret_missing"
  )

/** A batch is proven when each of its elements is. */
const tried = (proof: Proof, secrets: Secrets, place: Place, beside: Beside): Verdict => {
  if (proof.kind === "none") return Either.right(Option.none())
  if (secrets.length === 0) return noSecret
  if (Option.isNone(proof.each)) return judged(proof, secrets, place, beside)
  const path = proof.each.value
  const items = Option.flatMap(place.request.json, (document) => JsonPath.get(document, path))
  if (Option.isNone(items) || !isFilled(items.value)) {
    return refuse(
      "signature_missing",
      `The body has no list of 1 to ${maxItems} elements at ${path.text}, each of which is signed.`
    )
  }
  let verdict: Verdict = Either.right(Option.none())
  for (const item of items.value) {
    verdict = judged(proof, secrets, { ...place, item: Option.some(item) }, beside)
    if (Either.isLeft(verdict)) return verdict
  }
  return verdict
}

// Each element costs as much as a request of its own.
const maxItems = 1_000

const isFilled = (items: unknown): items is ReadonlyArray<unknown> =>
  Array.isArray(items) && items.length > 0 && items.length <= maxItems

const judged = (
  proof: Exclude<Proof, { readonly kind: "none" }>,
  secrets: Secrets,
  place: Place,
  beside: Beside
): Verdict => {
  switch (proof.kind) {
    case "token":
      return byToken(proof, secrets, place)
    case "basic":
      return byPassword(proof, secrets, place)
    default:
      return bySignature(proof, secrets, place, beside)
  }
}

const byToken = ({ at, key }: Token, secrets: Secrets, place: Place): Verdict =>
  Either.flatMap(Signature.carried(at, place), (value) => {
    // A header's bytes are read as Latin-1, whatever they were meant as.
    const sent = [Buffer.from(value), Buffer.from(value, "latin1")]
    return first(
      secrets,
      (secret) => sent.some((_) => Bytes.equal(_, Buffer.from(Keys.bare(key, secret)))),
      `The ${Signature.places(at)} does not hold a valid secret.`
    )
  })

const byPassword = (_: Basic, secrets: Secrets, place: Place): Verdict =>
  Either.flatMap(Signature.carried([{ header: "authorization" }], place), (value) => {
    const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(value) ?? []
    if (encoded === undefined) {
      return refuse("signature_malformed", "The header authorization carries no basic authentication.")
    }
    const sent = Buffer.from(encoded, "base64")
    return first(
      secrets,
      (secret) => Bytes.equal(sent, Buffer.from(Redacted.value(secret))),
      "The header authorization holds another user or password."
    )
  })

const bySignature = (proof: Signed, secrets: Secrets, sent: Place, beside: Beside): Verdict =>
  Either.flatMap(
    Signature.carried(proof.at, sent),
    (value) =>
      Either.flatMap(Signature.candidates(proof, value), (signatures) => {
        const place = { request: sent.request, item: sent.item, parts: Signature.parts(proof.form, value) }
        return Either.flatMap(beforeContent(proof, place), (known) =>
          Either.flatMap(SignatureCheck.make(proof, place, beside.certificates), (check) =>
            byContent(
              { proof, secrets, place, known, isOracle: beside.isOracle },
              (secret, content) => check(secret, content, signatures)
            )))
      })
  )

/** What is looked at before the signature itself, which costs more. */
const beforeContent = (proof: Signed, place: Place): Either.Either<Omit<Content.Known, "secret">, Refusal> =>
  Either.flatMap(Timestamp.check(proof.timestamp, place), (timestamp) => {
    const id = Option.flatMap(proof.id, (source) => find(source, place))
    if (Option.isSome(proof.id) && Option.isNone(id)) {
      return refuse(
        "id_missing",
        `The request carries no ${describe(proof.id.value)}, which is part of what is signed.`
      )
    }
    return Either.map(checkBody(proof, place), () => ({ timestamp, id: Option.getOrElse(id, () => "") }))
  })

interface Trying {
  readonly proof: Signed
  readonly secrets: Secrets
  readonly place: Place
  readonly known: Omit<Content.Known, "secret">
  readonly isOracle: boolean
}

const byContent = (
  { isOracle, known: { id, timestamp }, place, proof, secrets }: Trying,
  check: (secret: Secret, content: Pieces) => boolean
): Verdict => {
  // Where the request can fill none of the templates, the first says what is missing.
  let refusal: Option.Option<Refusal> = Option.none()
  for (const secret of secrets) {
    for (const template of proof.content) {
      const filled = Content.fill(template, place, { timestamp, id, secret: Redacted.value(secret) })
      if (Either.isLeft(filled)) {
        refusal = Option.orElse(refusal, () => Option.some(filled.left))
        continue
      }
      const content = filled.right
      if (!(isOracle && isChallenge(content)) && check(secret, content)) return Either.right(Option.some(secret))
      refusal = mismatch
    }
  }
  return Option.match(refusal, { onNone: () => noSecret, onSome: Either.left })
}

const mismatch = Either.getLeft(refuse(
  "signature_mismatch",
  "The signature fits none of the integration's secrets: another secret signed it, or the body was changed on the way."
))

const checkBody = ({ bodyHash }: Signed, place: Place): Either.Either<void, Refusal> => {
  if (Option.isNone(bodyHash)) return Either.void
  const { at, encoding, hash } = bodyHash.value
  const sent = Option.toArray(find(at, place)).flatMap((text) => Signature.decode(encoding, text))
  const expected = createHash(hash).update(place.request.body).digest()
  return sent.some((_) => Bytes.equal(_, expected))
    ? Either.void
    : refuse("body_hash_mismatch", `The ${describe(at)} is not the ${hash} of the body, which was changed on the way.`)
}

const longestChallenge = 250

const isChallenge = (content: Pieces): boolean =>
  content.reduce((length, piece) => length + piece.length, 0) <= longestChallenge &&
  Handshake.isSignable(Bytes.joined(content).toString("latin1"))

const first = (secrets: Secrets, proves: (secret: Secret) => boolean, otherwise: string): Verdict => {
  const found = secrets.find(proves)
  return found === undefined ? refuse("signature_mismatch", otherwise) : Either.right(Option.some(found))
}
