import { Array, Context, Data, Effect, Layer, Option, Redacted } from "effect"
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
  return Vault.of({
    seal: (place, secret) => Effect.sync(() => unsafeSeal(place, secret)),
    unsafeSeal,
    open: Effect.fnUntraced(function*(place, envelope) {
      const [version, id = "", content = ""] = envelope.split(".")
      const key = Array.findFirst(keys, (key) => version === "v1" && key.id === id)
      if (Option.isNone(key)) {
        return yield* new VaultError({
          reason: "UnknownKey",
          message: `A secret (${place}) was sealed with the key "${id}", which is not in ENCRYPTION_KEYS: add it there.`
        })
      }
      return yield* Effect.try({
        try: () => decrypt(Redacted.value(key.value.bytes), place, Buffer.from(content, "base64url")),
        catch: () =>
          new VaultError({
            reason: "Damaged",
            message:
              `A secret (${place}) does not open with the key "${id}": the key's bytes were changed, or the row was.`
          })
      })
    })
  })
}

const decrypt = (key: Uint8Array, place: string, sealed: Buffer): Redacted.Redacted => {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
  const content = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()])
  return Redacted.make(content.toString("utf8"))
}
