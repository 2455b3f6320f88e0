import { createECDH, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto"

/** What signs, and what the integration is given to verify it. */
export interface Keys {
  /** What a key looks like, in words. */
  readonly form: string
  /** Two keys that everybody knows, for tests. */
  readonly own: string
  readonly other: string
  /** The integration's secret for a key; throws where the key is none. */
  readonly secretOf: (key: string) => string
}

const same = (key: string): string => key

/** Keys that are used as they stand; this one looks like base64, and is not to be decoded. */
export const text: Keys = {
  form: "a text",
  own: "c2VjcmV0OiBpdCBsb29rcyBsaWtlIGJhc2U2NA==",
  other: "another: secret",
  secretOf: same
}

/** Keys that are used as they stand too, `whsec_` and all. */
export const stripe: Keys = {
  form: "whsec_ and a text",
  own: "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw",
  other: "whsec_YW5vdGhlciBzZWNyZXQ",
  secretOf: same
}

/** Keys of Standard Webhooks. */
export const whsec: Keys = {
  form: "whsec_ and the key in base64",
  own: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
  other: "whsec_YW5vdGhlciBzZWNyZXQgb2YgMjQgYnl0",
  secretOf: same
}

export const whsecBytes = (key: string): Buffer => Buffer.from(key.replace(/^whsec_/, ""), "base64")

export const hex: Keys = {
  form: "the key in hex",
  own: "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
  other: "00782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
  secretOf: same
}

export const password: Keys = {
  form: "user:password",
  own: "sluice:a pass:word: with colons",
  other: "sluice:a pass",
  secretOf: same
}

const privateForm = "the private key as 64 hex digits"

/** Private keys as RFC 8032 writes them, with two of its examples; the public key as the provider shows it. */
export const ed25519 = (shown: (publicKey: Buffer) => string): Keys => ({
  form: privateForm,
  own: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  other: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
  secretOf: (key) => shown(Buffer.from(createPublicKey(ed25519Key(key)).export({ format: "jwk" }).x ?? "", "base64url"))
})

/** Private keys as RFC 6979 writes them, with its example; the public key as SPKI in base64. */
export const p256: Keys = {
  form: privateForm,
  own: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
  other: "519b423d715f8b581f4fa8ee59f4771a5b44c8130b4e3eacca54a56dda72b464",
  secretOf: (key) => createPublicKey(p256Key(key)).export({ format: "der", type: "spki" }).toString("base64")
}

export const signEd25519 = (key: string, content: string): Buffer => sign(null, Buffer.from(content), ed25519Key(key))

export const signP256 = (key: string, content: string): Buffer => sign("sha256", Buffer.from(content), p256Key(key))

// All of PKCS #8 but the key itself.
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex")

const ed25519Key = (key: string): KeyObject =>
  createPrivateKey({ key: Buffer.concat([pkcs8, Buffer.from(key, "hex")]), format: "der", type: "pkcs8" })

const p256Key = (key: string): KeyObject => {
  const curve = createECDH("prime256v1")
  curve.setPrivateKey(key, "hex")
  const point = curve.getPublicKey()
  return createPrivateKey({
    key: {
      kty: "EC",
      crv: "P-256",
      d: Buffer.from(key, "hex").toString("base64url"),
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url")
    },
    format: "jwk"
  })
}
