import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { found } from "./SecretSearch.ts"

const password = "p4ss\"word\\ of ä nobody?~"
const secrets = { password, key: Buffer.from("ff00fe01fd02fc03fb04fa05f906f807", "hex") }
const long = FastCheck.uint8Array({ minLength: 12, maxLength: 40 })
const any = FastCheck.uint8Array({ maxLength: 8 })

describe("the search for secrets", () => {
  it.each([
    ["plain", `a ${password} b`],
    ["JSON", JSON.stringify({ a: { b: `x${password}y` } })],
    ["URL", `/hooks?token=${encodeURIComponent(password)}&a=1`],
    ["hex", `\\x${Buffer.from(`a${password}b`).toString("hex")}`],
    ["hex", Buffer.from(password).toString("hex").toUpperCase()],
    ["base64", `Basic ${Buffer.from(`user:${password}`).toString("base64")}`],
    ["base64url", Buffer.from(`{"a":"${password}"}`).toString("base64url")]
  ])("finds it in %s", (form, text) => {
    assert.isTrue(found(text, secrets).some((_) => _.startsWith(`password in ${form}`)), text)
  })

  it("finds bytes that are no text, and finds nothing where nothing is", () => {
    assert.include(found(secrets.key.toString("base64"), secrets), "key in base64 at 0")
    assert.include(found(secrets.key.toString("latin1"), secrets), "key in bytes")
    assert.deepStrictEqual(found(secrets.key.subarray(0, 12).toString("hex"), secrets), [])
    assert.deepStrictEqual(found("p4ss word of a nobody", secrets), [])
  })

  it.prop("finds any secret in the base64 of any text around it", [any, long, any], ([before, secret, after]) => {
    const text = Buffer.concat([before, secret, after])
    assert.isAbove(found(text.toString("base64"), { secret }).length, 0)
    assert.isAbove(found(text.toString("base64url"), { secret }).length, 0)
  })
})
