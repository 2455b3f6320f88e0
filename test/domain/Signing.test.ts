import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { Webhook } from "standardwebhooks"
import * as Signing from "../../src/domain/Signing.ts"

const secretOf = (text: string) => Signing.secretOf(Buffer.from(text.padEnd(24, ".")))
const [one, other, stranger] = [secretOf("one"), secretOf("other"), secretOf("stranger")]

// The library compares with the clock of the machine.
const timestamp = () => Math.floor(Date.now() / 1_000)

const signed = (body: string, secrets = [one]) =>
  Signing.sign(secrets, { id: "event-1", timestamp: timestamp(), body: Buffer.from(body) }, "webhook")

describe("the gateway's signature", () => {
  it.prop("convinces the Standard Webhooks library, any JSON and any secret", {
    body: FastCheck.json(),
    bytes: FastCheck.uint8Array({ minLength: 24, maxLength: 64 })
  }, ({ body, bytes }) => {
    const secret = Signing.secretOf(bytes)
    assert.deepStrictEqual(
      new Webhook(Redacted.value(secret)).verify(body, signed(body, [secret])),
      JSON.parse(body)
    )
  })

  it("of several secrets convinces who knows any one of them, and nobody else", () => {
    const headers = signed("{\"a\":1}", [one, other])
    const verify = (secret: Redacted.Redacted) => new Webhook(Redacted.value(secret)).verify("{\"a\":1}", headers)
    assert.deepStrictEqual(verify(one), { a: 1 })
    assert.deepStrictEqual(verify(other), { a: 1 })
    assert.throws(() => verify(stranger), /No matching signature/)
  })

  it("covers the body, the id and the time", () => {
    const headers = signed("{\"a\":1}")
    const webhook = new Webhook(Redacted.value(one))
    const changes = [
      ["{\"a\":2}", headers],
      ["{\"a\":1}", { ...headers, "webhook-id": "event-2" }],
      ["{\"a\":1}", { ...headers, "webhook-timestamp": String(timestamp() - 100) }]
    ] as const
    assert.deepStrictEqual(webhook.verify("{\"a\":1}", headers), { a: 1 })
    for (const [body, changed] of changes) {
      assert.throws(() => webhook.verify(body, changed), /No matching signature/)
    }
  })

  it.prop("covers bytes that are no text", [FastCheck.uint8Array()], ([body]) => {
    const key = Buffer.from("one".padEnd(24, "."))
    const expected = createHmac("sha256", key).update(Buffer.concat([Buffer.from("event-1.1790000000."), body]))
    assert.deepStrictEqual(Signing.sign([one], { id: "event-1", timestamp: 1_790_000_000, body }, "webhook"), {
      "webhook-id": "event-1",
      "webhook-timestamp": "1790000000",
      "webhook-signature": `v1,${expected.digest("base64")}`
    })
  })

  it("may have names of its own, so that a provider's pass", () => {
    const content = { id: "event-1", timestamp: 1_790_000_000, body: new Uint8Array() }
    const renamed = Object.entries(Signing.sign([one, other], content, "webhook")).map(([name, value]) =>
      [name.replace("webhook-", "sluice-"), value] as const
    )
    assert.deepStrictEqual(Object.entries(Signing.sign([one, other], content, "sluice")), renamed)
  })

  it("has secrets that do not show themselves", () => {
    assert.strictEqual(Redacted.value(one), `whsec_${Buffer.from("one".padEnd(24, ".")).toString("base64")}`)
    assert.notInclude(`${one} ${JSON.stringify(one)}`, Redacted.value(one).slice(6, 12))
  })
})
