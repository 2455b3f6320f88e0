import { assert, describe, it } from "@effect/vitest"
import { createHmac } from "node:crypto"
import { Webhook } from "standardwebhooks"
import * as Keys from "../../../src/simulate/senders/Keys.ts"
import { type Case, now, verdict } from "../verification/Requests.ts"

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
const other = "whsec_YW5vdGhlciBzZWNyZXQgb2YgMjQgYnl0"
const body = "{\"type\":\"user.created\",\"note\":\"ünïcödé\"}"
const privateKey = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
const t = String(now / 1_000)
const right = signature(secret)

function signature(key: string): string {
  return new Webhook(key).sign("msg_1", new Date(now), body)
}

const signed = (value: string | ReadonlyArray<string>) => ({
  "webhook-id": "msg_1",
  "webhook-timestamp": t,
  "webhook-signature": value
})

const whole = signed(right)
const { "webhook-id": _id, ...withoutId } = whole
const { "webhook-timestamp": _timestamp, ...withoutTimestamp } = whole
const { "webhook-signature": _signature, ...withoutSignature } = whole

const changed = right.slice(0, 10) + (right[10] === "A" ? "B" : "A") + right.slice(11)
const padded = right.slice(3)

const cases: ReadonlyArray<Case> = [
  { name: "a signed request is accepted", headers: whole, expected: "accepted" },
  {
    name: "a secret without its whsec_ is the same key",
    secrets: [secret.slice(6)],
    headers: whole,
    expected: "accepted"
  },
  { name: "the second of two secrets is tried", secrets: [other, secret], headers: whole, expected: "accepted" },
  { name: "every signature of a list is tried", headers: signed(`${signature(other)} ${right}`), expected: "accepted" },
  {
    name: "an asymmetric signature beside a right one is no harm",
    headers: signed(`v1a,${padded} ${right}`),
    expected: "accepted"
  },
  {
    name: "a signature of another version proves nothing",
    headers: signed(`v2,${padded}`),
    expected: "signature_malformed"
  },
  { name: "a signature without a version proves nothing", headers: signed(padded), expected: "signature_malformed" },
  {
    name: "a list with commas between its members is refused",
    headers: signed(`${signature(other)},${right}`),
    expected: "signature_malformed"
  },
  {
    name: "a changed body is refused",
    body: body.replace("created", "deleted"),
    headers: whole,
    expected: "signature_mismatch"
  },
  { name: "a changed id is refused", headers: { ...whole, "webhook-id": "msg_2" }, expected: "signature_mismatch" },
  {
    name: "a changed timestamp is refused",
    headers: { ...whole, "webhook-timestamp": String(now / 1_000 - 1) },
    expected: "signature_mismatch"
  },
  { name: "a changed signature is refused", headers: signed(changed), expected: "signature_mismatch" },
  {
    name: "a signature by another secret is refused",
    headers: signed(signature(other)),
    expected: "signature_mismatch"
  },
  { name: "a truncated signature is refused", headers: signed(right.slice(0, 23)), expected: "signature_mismatch" },
  {
    name: "an over-long signature is refused",
    headers: signed(`v1,${padded.slice(0, -1)}${padded}`),
    expected: "signature_mismatch"
  },
  { name: "a signature in URL-safe letters is refused", headers: signed("v1,_-_-"), expected: "signature_malformed" },
  {
    name: "an endless header is not read",
    headers: signed(`${right} ${"v1,AAAA ".repeat(2_000)}`),
    expected: "signature_malformed"
  },
  { name: "no signature header is refused", headers: withoutSignature, expected: "signature_missing" },
  { name: "the signature header twice is refused", headers: signed([right, right]), expected: "signature_repeated" },
  { name: "no id is refused", headers: withoutId, expected: "id_missing" },
  { name: "the id twice is refused", headers: { ...whole, "webhook-id": ["msg_1", "msg_1"] }, expected: "id_missing" },
  { name: "no timestamp is refused", headers: withoutTimestamp, expected: "timestamp_missing" },
  {
    name: "the timestamp twice is refused",
    headers: { ...whole, "webhook-timestamp": [t, t] },
    expected: "timestamp_missing"
  },
  {
    name: "a timestamp as a date is refused",
    headers: { ...whole, "webhook-timestamp": "2026-09-21T14:13:20Z" },
    expected: "timestamp_malformed"
  },
  {
    name: "a timestamp with a fraction is refused",
    headers: { ...whole, "webhook-timestamp": `${t}.5` },
    expected: "timestamp_malformed"
  },
  { name: "no secret at all accepts nothing", secrets: [], headers: whole, expected: "secret_missing" },
  { name: "five minutes old is accepted", receivedAt: now + 300_000, headers: whole, expected: "accepted" },
  { name: "a millisecond more is too old", receivedAt: now + 300_001, headers: whole, expected: "timestamp_too_old" },
  { name: "five minutes ahead is accepted", receivedAt: now - 300_000, headers: whole, expected: "accepted" },
  {
    name: "a millisecond more is too far ahead",
    receivedAt: now - 300_001,
    headers: whole,
    expected: "timestamp_too_far_ahead"
  }
]

describe("standard-webhooks", () => {
  it.each(cases)("$name", ({ expected, secrets = [secret], ...sent }) => {
    assert.strictEqual(verdict("standard-webhooks", secrets, { body, ...sent }), expected)
  })

  it("takes a public key for no key of v1, whoever knows it", () => {
    const publicKey = Keys.ed25519((key) => `whpk_${key.toString("base64")}`).secretOf(privateKey)
    const keys = [publicKey, publicKey.slice("whpk_".length), `whsec_${publicKey.slice("whpk_".length)}`]
    const content = `msg_1.${t}.${body}`
    const macs = keys.flatMap((key) =>
      [key, Buffer.from(key, "base64"), Buffer.from(key.slice("whpk_".length), "base64")]
        .map((_) => `v1,${createHmac("sha256", _).update(content).digest("base64")}`)
    )
    const v1a = `v1a,${Keys.signEd25519(privateKey, content).toString("base64")}`
    assert.strictEqual(verdict("standard-webhooks", [publicKey], { body, headers: signed(v1a) }), "accepted")
    for (const mac of [...macs, macs.join(" "), ...macs.map((_) => _.replace("v1,", "v1a,"))]) {
      const sent = { body, headers: signed(mac) }
      assert.notStrictEqual(verdict("standard-webhooks", [publicKey], sent), "accepted")
      assert.notStrictEqual(verdict("standard-webhooks", [secret, publicKey], sent), "accepted")
      assert.notStrictEqual(verdict("gitlab", [publicKey], sent), "accepted")
    }
  })

  it("takes a secret for no public key", () => {
    const v1a = `v1a,${Keys.signEd25519(privateKey, `msg_1.${t}.${body}`).toString("base64")}`
    const publicKey = Keys.ed25519((key) => key.toString("base64")).secretOf(privateKey)
    for (const key of [publicKey, `whsec_${publicKey}`]) {
      assert.strictEqual(verdict("standard-webhooks", [key], { body, headers: signed(v1a) }), "signature_malformed")
    }
  })

  it("takes a secret and a public key beside one another, and both kinds of signatures", () => {
    const publicKey = Keys.ed25519((key) => `whpk_${key.toString("base64")}`).secretOf(privateKey)
    const v1a = `v1a,${Keys.signEd25519(privateKey, `msg_1.${t}.${body}`).toString("base64")}`
    for (const value of [v1a, right, `${v1a} ${right}`, `v1a,${padded} ${right}`, `${v1a} ${signature(other)}`]) {
      const sent = { body, headers: signed(value) }
      assert.strictEqual(verdict("standard-webhooks", [secret, publicKey], sent), "accepted")
    }
  })
})
