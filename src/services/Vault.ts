import { Context, Data, Effect, Either, Layer, Redacted } from "effect"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { type EncryptionKey, Settings } from "./Settings.ts"

/** An envelope cannot be opened: its key is not among ENCRYPTION_KEYS, or it was damaged or put in another's place. */
export class VaultError extends Data.TaggedError("VaultError")<{
  readonly reason: "UnknownKey" | "Damaged"
  readonly message: string
}> {}

/**
 * Seals secrets for the database as `v1.{key id}.{base64url of nonce, tag and ciphertext}`: AES-256-GCM. `place` says
 * what the secret belongs to (`secret:{id}`); an envelope opens only in its own place.
 */
export class Vault extends Context.Tag("sluice/services/Vault")<Vault, {
  readonly seal: (place: string, secret: Redacted.Redacted) => Effect.Effect<string>
  readonly unsafeSeal: (place: string, secret: Redacted.Redacted) => string
  readonly open: (place: string, envelope: string) => Effect.Effect<Redacted.Redacted, VaultError>
  readonly unsafeOpen: (place: string, envelope: string) => Either.Either<Redacted.Redacted, VaultError>
}>() {
  static readonly layer = Layer.effect(Vault, Effect.map(Settings, ({ encryptionKeys }) => make(encryptionKeys)))
  static readonly withKeys = (keys: typeof Settings.Service["encryptionKeys"]) => Layer.sync(Vault, () => make(keys))
}

const nonceBytes = 12
const tagBytes = 16

const make = (keys: readonly [EncryptionKey, ...Array<EncryptionKey>]): typeof Vault.Service => {
  const [current] = keys
  const unsafeSeal = (place: string, secret: Redacted.Redacted): string => {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv("aes-256-gcm", Redacted.value(current.bytes), nonce).setAAD(Buffer.from(place))
    const content = Buffer.concat([cipher.update(Redacted.value(secret), "utf8"), cipher.final()])
    return `v1.${current.id}.${Buffer.concat([nonce, cipher.getAuthTag(), content]).toString("base64url")}`
  }
  const unsafeOpen: typeof Vault.Service.unsafeOpen = (place, envelope) => {
    const [version, id = "", content = ""] = envelope.split(".")
    const key = keys.find((key) => version === "v1" && key.id === id)
    if (key === undefined) {
      return Either.left(
        new VaultError({
          reason: "UnknownKey",
          message: `A secret (${place}) was sealed with the key "${id}", which is not in ENCRYPTION_KEYS: add it there.`
        })
      )
    }
    return Either.try({
      try: () => decrypt(Redacted.value(key.bytes), place, Buffer.from(content, "base64url")),
      catch: () =>
        new VaultError({
          reason: "Damaged",
          message:
            `A secret (${place}) does not open with the key "${id}": the key's bytes were changed, or the row was.`
        })
    })
  }
  return Vault.of({
    seal: (place, secret) => Effect.sync(() => unsafeSeal(place, secret)),
    unsafeSeal,
    open: (place, envelope) => Effect.suspend(() => unsafeOpen(place, envelope)),
    unsafeOpen
  })
}

const decrypt = (key: Uint8Array, place: string, sealed: Buffer): Redacted.Redacted => {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
  const content = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()])
  return Redacted.make(content.toString("utf8"))
}
