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

/** The secret's text without the prefix that its kind has, unless that is a part of the key. */
export const bare = ({ prefix, prefixStays }: Key, secret: Secret): string => {
  const text = Redacted.value(secret)
  return !prefixStays && text.startsWith(prefix) ? text.slice(prefix.length) : text
}

const forms: Record<Key["encoding"], RegExp> = {
  utf8: /[^]/,
  hex: /^(?:[0-9a-f]{2})+$/i,
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=?|[A-Za-z0-9+/]{2}(?:==)?)$/
}

/** Whether a secret's text is of the form that its encoding has, behind the prefix that it must have. */
export const isWellFormed = (key: Key, secret: Secret): boolean =>
  forms[key.encoding].test(bare(key, secret)) &&
  (!key.prefixRequired || Redacted.value(secret).startsWith(key.prefix))

/** The bytes of the key that a secret's text stands for; none, rather than few that anybody may guess, where it is no key. */
export const bytes = (key: Key, secret: Secret): Option.Option<Uint8Array> =>
  isWellFormed(key, secret) ? Option.some(Buffer.from(bare(key, secret), key.encoding)) : Option.none()

// Reading a key costs as much as using it.
const known = new WeakMap<PublicKey, WeakMap<Secret, Option.Option<KeyObject>>>()

/** The public key that a secret's text stands for; none when it stands for none. */
export const publicKey = (proof: PublicKey, secret: Secret): Option.Option<KeyObject> => {
  const read = known.get(proof) ?? new WeakMap<Secret, Option.Option<KeyObject>>()
  known.set(proof, read)
  const key = read.get(secret) ??
    Option.flatMap(bytes(proof.key, secret), (bytes) => readPublicKey(proof.algorithm, bytes))
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
