import { Option, Redacted } from "effect"
import { createPublicKey, type KeyObject } from "node:crypto"
import type { Key, Proof, PublicKey } from "./Scheme.ts"

type Secret = Redacted.Redacted

/** The secrets that a proof is to be tried with: those under a prefix that some proof requires are for such proofs alone. */
export const belonging = (
  { key }: Proof,
  proofs: ReadonlyArray<Proof>,
  secrets: ReadonlyArray<Secret>
): ReadonlyArray<Secret> => {
  if (key.prefixRequired) return secrets.filter((secret) => Redacted.value(secret).startsWith(key.prefix))
  const reserved = proofs.flatMap((proof) => proof.key.prefixRequired ? [proof.key.prefix] : [])
  return reserved.length === 0
    ? secrets
    : secrets.filter((secret) => !reserved.some((prefix) => Redacted.value(secret).startsWith(prefix)))
}

/** The secret's text without the prefix that its kind has. */
export const bare = ({ prefix }: Key, secret: Secret): string => {
  const text = Redacted.value(secret)
  return text.startsWith(prefix) ? text.slice(prefix.length) : text
}

/** The bytes of the key that a secret's text stands for. */
export const bytes = (key: Key, secret: Secret): Uint8Array => Buffer.from(bare(key, secret), key.encoding)

// Reading a key costs as much as using it.
const known = new WeakMap<PublicKey, WeakMap<Secret, Option.Option<KeyObject>>>()

/** The public key that a secret's text stands for; none when it stands for none. */
export const publicKey = (proof: PublicKey, secret: Secret): Option.Option<KeyObject> => {
  const read = known.get(proof) ?? new WeakMap<Secret, Option.Option<KeyObject>>()
  known.set(proof, read)
  const key = read.get(secret) ?? readPublicKey(proof.algorithm, bytes(proof.key, secret))
  read.set(secret, key)
  return key
}

const readPublicKey = (algorithm: PublicKey["algorithm"], bytes: Uint8Array): Option.Option<KeyObject> => {
  const read = Option.liftThrowable(createPublicKey)
  return algorithm === "ed25519"
    ? read({
      key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(bytes).toString("base64url") },
      format: "jwk"
    })
    : Option.filter(
      read({ key: Buffer.from(bytes), format: "der", type: "spki" }),
      (key) => key.asymmetricKeyDetails?.namedCurve === "prime256v1"
    )
}
