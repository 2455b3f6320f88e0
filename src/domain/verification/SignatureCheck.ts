import { Either, Option, Redacted } from "effect"
import { createHmac, type KeyObject, verify as verifyByKey } from "node:crypto"
import * as Bytes from "./Bytes.ts"
import * as Keys from "./Keys.ts"
import { type Refusal, refuse } from "./Refusal.ts"
import type { Certificate, Hmac, PublicKey } from "./Scheme.ts"
import { describe, find, type Place } from "./Source.ts"

/** The proofs that are a signature over content. */
export type Signed = Hmac | PublicKey | Certificate

/** The public keys of certificates that were fetched, by their URL. */
export type Certificates = (url: string) => Option.Option<KeyObject>

/** What is signed, in order. */
export type Pieces = ReadonlyArray<string | Uint8Array>

/** Whether one of the signatures is the secret's, over the content. */
export type Check = (secret: Redacted.Redacted, content: Pieces, signatures: ReadonlyArray<Uint8Array>) => boolean

/** How signatures of a proof are checked; refused where the certificate that it needs is not there. */
export const make = (proof: Signed, place: Place, certificates: Certificates): Either.Either<Check, Refusal> => {
  switch (proof.kind) {
    case "hmac":
      return Either.right((secret, content, signatures) => {
        const key = Keys.bytes(proof.key, secret)
        if (Option.isNone(key)) return false
        const mac = createHmac(proof.hash, key.value)
        for (const piece of content) mac.update(piece)
        const expected = mac.digest()
        return signatures.some((signature) => Bytes.equal(signature, expected))
      })
    case "public-key":
      return Either.right((secret, content, signatures) =>
        Option.exists(
          Keys.publicKey(proof, secret),
          (key) => isSigned(proof.algorithm === "ed25519" ? null : "sha256", key, content, signatures)
        )
      )
    case "certificate": {
      const key = Option.filter(Option.flatMap(find(proof.certificate, place), certificates), isRsa)
      if (Option.isNone(key)) {
        return refuse(
          "certificate_refused",
          `The ${describe(proof.certificate)} leads to no certificate that is valid.`
        )
      }
      const spoken = Option.map(proof.speaksFor, (source) => find(source, place))
      return Either.right((secret, content, signatures) =>
        Option.match(spoken, {
          onNone: () => true,
          onSome: Option.exists((name) => Bytes.equal(Buffer.from(name), Buffer.from(Redacted.value(secret))))
        }) && isSigned(proof.hash, key.value, content, signatures)
      )
    }
  }
}

const isRsa = (key: KeyObject): boolean => key.asymmetricKeyType === "rsa"

const isSigned = (hash: string | null, key: KeyObject, content: Pieces, signatures: ReadonlyArray<Uint8Array>) => {
  const signed = Bytes.joined(content)
  return signatures.some((signature) => verifyByKey(hash, signed, key, signature))
}
