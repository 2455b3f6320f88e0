import { assert, describe, it } from "@effect/vitest"
import { createHmac } from "node:crypto"
import { altered, type Case, verdict } from "../verification/Requests.ts"

const secret = "the secret of the tests"
const other = "another secret"
const body = "{\"action\":\"opened\",\"title\":\"ünïcödé\"}"
const right = signature(secret)

// From GitHub's documentation: hex HMAC-SHA256 of the body behind `sha256=`.
function signature(key: string): string {
  return createHmac("sha256", key).update(body).digest("hex")
}

const signed = (value: string | ReadonlyArray<string>) => ({ "x-hub-signature-256": value })

const cases: ReadonlyArray<Case> = [
  { name: "a signed request is accepted", headers: signed(`sha256=${right}`), expected: "accepted" },
  { name: "upper-case hex is accepted", headers: signed(`sha256=${right.toUpperCase()}`), expected: "accepted" },
  {
    name: "the second of two secrets is tried",
    secrets: [other, secret],
    headers: signed(`sha256=${right}`),
    expected: "accepted"
  },
  {
    name: "a form-encoded body is signed as it stands",
    body: "payload=%7B%7D",
    headers: signed("sha256=" + createHmac("sha256", secret).update("payload=%7B%7D").digest("hex")),
    expected: "accepted"
  },
  {
    name: "a changed body is refused",
    body: altered(body, 12),
    headers: signed(`sha256=${right}`),
    expected: "signature_mismatch"
  },
  {
    name: "a changed signature is refused",
    headers: signed(`sha256=${altered(right, 0)}`),
    expected: "signature_mismatch"
  },
  {
    name: "a signature by another secret is refused",
    headers: signed(`sha256=${signature(other)}`),
    expected: "signature_mismatch"
  },
  { name: "a signature without its prefix is refused", headers: signed(right), expected: "signature_malformed" },
  {
    name: "a signature behind another prefix is refused",
    headers: signed(`sha1=${right}`),
    expected: "signature_malformed"
  },
  {
    name: "the retired SHA-1 header proves nothing",
    headers: { "x-hub-signature": `sha1=${createHmac("sha1", secret).update(body).digest("hex")}` },
    expected: "signature_missing"
  },
  {
    name: "a truncated signature is refused",
    headers: signed(`sha256=${right.slice(0, 40)}`),
    expected: "signature_mismatch"
  },
  { name: "the prefix alone is refused", headers: signed("sha256="), expected: "signature_malformed" },
  {
    name: "an over-long signature is refused",
    headers: signed(`sha256=${right}${right}`),
    expected: "signature_mismatch"
  },
  {
    name: "an endless header is not read",
    headers: signed(`sha256=${"0".repeat(10_000)}`),
    expected: "signature_malformed"
  },
  {
    name: "what is no hex is refused",
    headers: signed(`sha256=${right.slice(0, 62)}zz`),
    expected: "signature_malformed"
  },
  {
    name: "two signatures in one header are refused",
    headers: signed(`sha256=${right}, sha256=${right}`),
    expected: "signature_malformed"
  },
  { name: "no header is refused", headers: {}, expected: "signature_missing" },
  {
    name: "the header twice is refused",
    headers: signed([`sha256=${right}`, `sha256=${right}`]),
    expected: "signature_repeated"
  },
  {
    name: "no secret at all accepts nothing",
    secrets: [],
    headers: signed(`sha256=${right}`),
    expected: "secret_missing"
  }
]

describe("github", () => {
  it.each(cases)("$name", ({ expected, secrets = [secret], ...sent }) => {
    assert.strictEqual(verdict("github", secrets, { body, ...sent }), expected)
  })
})
