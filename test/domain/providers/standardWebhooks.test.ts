import { assert, describe, it } from "@effect/vitest"
import { Webhook } from "standardwebhooks"
import { type Case, now, verdict } from "../verification/Requests.ts"

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
const other = "whsec_YW5vdGhlciBzZWNyZXQgb2YgMjQgYnl0"
const body = "{\"type\":\"user.created\",\"note\":\"ünïcödé\"}"
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
})
