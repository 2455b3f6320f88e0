import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { Settings } from "../../src/services/Settings.ts"
import { Vault } from "../../src/services/Vault.ts"
import * as Grounds from "../support/Grounds.ts"

const key = (id: string, byte: number) => ({ id, bytes: Redacted.make(new Uint8Array(32).fill(byte)) })

/** A vault with keys, the first of which encrypts. */
const vaultOf = (...encryptionKeys: typeof Settings.Service["encryptionKeys"]) =>
  Layer.build(Layer.provide(Vault.layer, Layer.succeed(Settings, Grounds.settings({ encryptionKeys })))).pipe(
    Effect.map(Context.get(Vault))
  )

const secret = Redacted.make("whsec_of_the_tests")

describe("the vault", () => {
  it.scoped("opens what it sealed, and never seals twice alike", () =>
    Effect.gen(function*() {
      const vault = yield* vaultOf(key("a", 1))
      const envelope = yield* vault.seal("secret:1", secret)
      assert.strictEqual(Redacted.value(yield* vault.open("secret:1", envelope)), Redacted.value(secret))
      assert.notStrictEqual(yield* vault.seal("secret:1", secret), envelope)
      assert.notInclude(envelope, "whsec")
    }))

  it.scoped("opens envelopes of an older key after a rotation, and seals with the new one", () =>
    Effect.gen(function*() {
      const before = yield* vaultOf(key("old", 1))
      const after = yield* vaultOf(key("new", 2), key("old", 1))
      const envelope = yield* before.seal("secret:1", secret)
      assert.strictEqual(Redacted.value(yield* after.open("secret:1", envelope)), Redacted.value(secret))
      assert.match(yield* after.seal("secret:1", secret), /^v1\.new\./)
    }))

  it.scoped("says which key is missing", () =>
    Effect.gen(function*() {
      const envelope = yield* (yield* vaultOf(key("lost", 1))).seal("secret:1", secret)
      const error = yield* Effect.flip((yield* vaultOf(key("other", 1))).open("secret:1", envelope))
      assert.strictEqual(error.reason, "UnknownKey")
      assert.include(error.message, "\"lost\"")
    }))

  it.scoped("refuses an envelope that was changed, moved to another place, or sealed with other bytes", () =>
    Effect.gen(function*() {
      const vault = yield* vaultOf(key("a", 1))
      const envelope = yield* vault.seal("secret:1", secret)
      // Not its last character: some of that one's bits stand for nothing.
      const changed = envelope.slice(0, -2) + (envelope.at(-2) === "A" ? "B" : "A") + envelope.slice(-1)
      const attempts = [
        vault.open("secret:1", changed),
        vault.open("secret:2", envelope),
        (yield* vaultOf(key("a", 2))).open("secret:1", envelope),
        vault.open("secret:1", "v1.a."),
        vault.open("secret:1", "v1.a.AAAA")
      ]
      for (const attempt of attempts) assert.strictEqual((yield* Effect.flip(attempt)).reason, "Damaged")
      assert.strictEqual((yield* Effect.flip(vault.open("secret:1", "plain text"))).reason, "UnknownKey")
    }))
})
