import { assert, describe, it } from "@effect/vitest"
import { createHmac } from "node:crypto"
import { altered, type Case, now, verdict } from "../verification/Requests.ts"

const secret = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw"
const other = "whsec_YW5vdGhlciBzZWNyZXQ"
const body = "{\"id\":\"evt_1\",\"type\":\"invoice.paid\",\"note\":\"ünïcödé\"}\r\n"
const t = String(now / 1_000)
const right = signature(secret)

// From Stripe's documentation: hex HMAC-SHA256 of `{t}.{body}`, the key being the whole text of the secret.
function signature(key: string, content = body, at = t): string {
  return createHmac("sha256", key).update(`${at}.${content}`).digest("hex")
}

const signed = (value: string | ReadonlyArray<string>) => ({ "stripe-signature": value })

const cases: ReadonlyArray<Case> = [
  { name: "a signed request is accepted", headers: signed(`t=${t},v1=${right}`), expected: "accepted" },
  { name: "white space between the parts is no harm", headers: signed(` t=${t} , v1=${right} `), expected: "accepted" },
  { name: "upper-case hex is accepted", headers: signed(`t=${t},v1=${right.toUpperCase()}`), expected: "accepted" },
  {
    name: "the second of two secrets is tried",
    secrets: [other, secret],
    headers: signed(`t=${t},v1=${right}`),
    expected: "accepted"
  },
  {
    name: "the second of two signatures is tried",
    headers: signed(`t=${t},v1=${signature(other)},v1=${right}`),
    expected: "accepted"
  },
  {
    name: "a signature of the wrong form beside a right one is no harm",
    headers: signed(`t=${t},v1=no,v1=${right}`),
    expected: "accepted"
  },
  {
    name: "the retired v0 beside a right v1 is no harm",
    headers: signed(`t=${t},v1=${right},v0=${signature(other)}`),
    expected: "accepted"
  },
  {
    name: "the retired v0 alone proves nothing",
    headers: signed(`t=${t},v0=${right}`),
    expected: "signature_malformed"
  },
  {
    name: "a changed body is refused",
    body: altered(body, 8),
    headers: signed(`t=${t},v1=${right}`),
    expected: "signature_mismatch"
  },
  {
    name: "a body without its last byte is refused",
    body: body.slice(0, -1),
    headers: signed(`t=${t},v1=${right}`),
    expected: "signature_mismatch"
  },
  {
    name: "a changed signature is refused",
    headers: signed(`t=${t},v1=${altered(right, 63)}`),
    expected: "signature_mismatch"
  },
  {
    name: "a signature by another secret is refused",
    headers: signed(`t=${t},v1=${signature(other)}`),
    expected: "signature_mismatch"
  },
  {
    name: "a key without its whsec_ is another key",
    headers: signed(`t=${t},v1=${signature(secret.slice(6))}`),
    expected: "signature_mismatch"
  },
  {
    name: "a timestamp that was not signed is refused",
    headers: signed(`t=${Number(t) + 1},v1=${right}`),
    expected: "signature_mismatch"
  },
  {
    name: "a truncated signature is refused",
    headers: signed(`t=${t},v1=${right.slice(0, 62)}`),
    expected: "signature_mismatch"
  },
  {
    name: "half a byte less is no hex",
    headers: signed(`t=${t},v1=${right.slice(0, 63)}`),
    expected: "signature_malformed"
  },
  {
    name: "an over-long signature is refused",
    headers: signed(`t=${t},v1=${right}00`),
    expected: "signature_mismatch"
  },
  {
    name: "an endless header is not read",
    headers: signed(`t=${t},v1=${right},v2=${"0".repeat(8_192)}`),
    expected: "signature_malformed"
  },
  {
    name: "no secret at all accepts nothing",
    secrets: [],
    headers: signed(`t=${t},v1=${right}`),
    expected: "secret_missing"
  },
  { name: "no header is refused", headers: {}, expected: "signature_missing" },
  {
    name: "the header twice is refused",
    headers: signed([`t=${t},v1=${right}`, `t=${t},v1=${right}`]),
    expected: "signature_repeated"
  },
  { name: "an empty header is refused", headers: signed(""), expected: "signature_malformed" },
  { name: "no timestamp is refused", headers: signed(`v1=${right}`), expected: "timestamp_missing" },
  { name: "a timestamp in words is refused", headers: signed(`t=today,v1=${right}`), expected: "timestamp_malformed" },
  {
    name: "a timestamp below zero is refused",
    headers: signed(`t=-${t},v1=${right}`),
    expected: "timestamp_malformed"
  },
  {
    name: "five minutes old is accepted",
    receivedAt: now + 300_000,
    headers: signed(`t=${t},v1=${right}`),
    expected: "accepted"
  },
  {
    name: "a millisecond more is too old",
    receivedAt: now + 300_001,
    headers: signed(`t=${t},v1=${right}`),
    expected: "timestamp_too_old"
  },
  {
    name: "five minutes ahead is accepted",
    receivedAt: now - 300_000,
    headers: signed(`t=${t},v1=${right}`),
    expected: "accepted"
  },
  {
    name: "a millisecond more is too far ahead",
    receivedAt: now - 300_001,
    headers: signed(`t=${t},v1=${right}`),
    expected: "timestamp_too_far_ahead"
  }
]

describe("stripe", () => {
  it.each(cases)("$name", ({ expected, secrets = [secret], ...sent }) => {
    assert.strictEqual(verdict("stripe", secrets, { body, ...sent }), expected)
  })

  it("does not take its freshness from one timestamp and its signature from another", () => {
    const old = String(now / 1_000 - 86_400)
    for (const timestamps of [`t=${t},t=${old}`, `t=${old},t=${t}`]) {
      const headers = signed(`${timestamps},v1=${signature(secret, body, old)}`)
      assert.notStrictEqual(verdict("stripe", [secret], { body, headers }), "accepted")
    }
  })

  it("compares a bounded number of signatures, whatever a header holds", () => {
    const guesses = (count: number) => Array.from({ length: count }, () => `v1=${"0".repeat(64)}`).join(",")
    const after = (count: number) =>
      verdict("stripe", [secret], { body, headers: signed(`t=${t},${guesses(count)},v1=${right}`) })
    assert.strictEqual(after(10), "accepted")
    assert.strictEqual(after(100), "signature_mismatch")
  })
})
