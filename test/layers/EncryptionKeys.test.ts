import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Redacted, Schema } from "effect"
import { inspect } from "node:util"
import { EncryptionKeys, format } from "../../src/layers/EncryptionKeys.ts"

const decode = Schema.decode(EncryptionKeys)

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64")

const entry = FastCheck.tuple(
  FastCheck.stringMatching(/^[\w-]{1,32}$/),
  FastCheck.uint8Array({ minLength: 32, maxLength: 32 })
)
const entries = FastCheck.uniqueArray(entry, { minLength: 1, maxLength: 5, selector: ([id]) => id })

describe("encryption keys", () => {
  it.effect.prop("are read as they were written, in their order", [entries], ([entries]) =>
    Effect.gen(function*() {
      const text = entries.map(([id, bytes]) => `${id}:${Buffer.from(bytes).toString("base64")}`).join(",")
      const keys = yield* decode(text)
      assert.deepStrictEqual(
        keys.map(({ bytes, id }) => [id, [...Redacted.value(bytes)]]),
        entries.map(([id, bytes]) => [id, [...bytes]])
      )
      assert.strictEqual(format(keys), text)
    }))

  it.effect("may have spaces between them", () =>
    Effect.gen(function*() {
      const keys = yield* decode(` k1:${key(1)} , k2:${key(2)}\n`)
      assert.deepStrictEqual(keys.map((_) => _.id), ["k1", "k2"])
    }))

  it.effect("are refused when one of them is not 32 bytes, has no id, or the id of another", () =>
    Effect.gen(function*() {
      const bad = [
        "",
        key(1),
        `k1:${Buffer.alloc(31).toString("base64")}`,
        `k1:${Buffer.alloc(33).toString("base64")}`,
        `k1:${key(1)},k2`,
        `k1:${key(1)},k1:${key(2)}`,
        `k1:${key(1)},,k2:${key(2)}`,
        `${"i".repeat(33)}:${key(1)}`,
        `k1:${key(1).replace("=", "!")}`
      ]
      const refused = yield* Effect.partition(bad, (text) => decode(text))
      assert.strictEqual(refused[0].length, bad.length)
    }))

  it.effect("show their bytes nowhere, and neither does the error about bad ones", () =>
    Effect.gen(function*() {
      const secret = Buffer.from("the secret of the tests, 32 byte").toString("base64")
      const keys = yield* decode(`k1:${secret}`)
      const error = yield* Effect.flip(decode(`k1:${secret},k1:${secret}`))
      const shown = [inspect(keys, { depth: 20 }), JSON.stringify(keys), error.message].join("\n")
      for (const trace of [secret, "the secret", [...Buffer.from("the secret")].join(",")]) {
        assert.notInclude(shown, trace)
      }
    }))
})
