import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { createHmac } from "node:crypto"
import { altered, type Case, verdict } from "../verification/Requests.ts"

const secret = "the secret of the tests"
const other = "another secret"
const body = "{\"note\":\"ünïcödé\"}"
const right = signature(secret)

function signature(key: string, hash = "sha256", encoding: "hex" | "base64" | "base64url" = "hex"): string {
  return createHmac(hash, key).update(body).digest(encoding)
}

const signed = (value: string | ReadonlyArray<string>) => ({ "x-signature": value })

const cases: ReadonlyArray<Case> = [
  { name: "a signed request is accepted", headers: signed(right), expected: "accepted" },
  { name: "the usual prefix may stand before the signature", headers: signed(`sha256=${right}`), expected: "accepted" },
  { name: "upper-case hex is accepted", headers: signed(right.toUpperCase()), expected: "accepted" },
  {
    name: "the second of two secrets is tried",
    secrets: [other, secret],
    headers: signed(right),
    expected: "accepted"
  },
  { name: "a changed body is refused", body: altered(body, 2), headers: signed(right), expected: "signature_mismatch" },
  { name: "a changed signature is refused", headers: signed(altered(right, 40)), expected: "signature_mismatch" },
  {
    name: "a signature by another secret is refused",
    headers: signed(signature(other)),
    expected: "signature_mismatch"
  },
  {
    name: "a signature by another algorithm is refused",
    headers: signed(signature(secret, "sha512")),
    expected: "signature_mismatch"
  },
  { name: "a truncated signature is refused", headers: signed(right.slice(2)), expected: "signature_mismatch" },
  { name: "an over-long signature is refused", headers: signed(`${right}ff`), expected: "signature_mismatch" },
  { name: "an endless header is not read", headers: signed("0".repeat(8_194)), expected: "signature_malformed" },
  { name: "an empty header is refused", headers: signed(""), expected: "signature_malformed" },
  {
    name: "base64 where hex was agreed is refused",
    headers: signed(signature(secret, "sha256", "base64")),
    expected: "signature_malformed"
  },
  {
    name: "two signatures in one header are refused",
    headers: signed(`${right},${right}`),
    expected: "signature_malformed"
  },
  { name: "no header is refused", headers: {}, expected: "signature_missing" },
  { name: "the header twice is refused", headers: signed([right, right]), expected: "signature_repeated" },
  { name: "no secret at all accepts nothing", secrets: [], headers: signed(right), expected: "secret_missing" },
  {
    name: "another header may be agreed",
    options: { header: "x-proof" },
    headers: { "x-proof": right },
    expected: "accepted"
  },
  {
    name: "then the usual header is not looked at",
    options: { header: "x-proof" },
    headers: signed(right),
    expected: "signature_missing"
  },
  {
    name: "a header named like something inherited is missing like any other",
    options: { header: "constructor" },
    headers: {},
    expected: "signature_missing"
  },
  {
    name: "an agreed prefix is demanded",
    options: { prefix: "v1=" },
    headers: signed(right),
    expected: "signature_malformed"
  },
  {
    name: "an agreed prefix is taken off",
    options: { prefix: "v1=" },
    headers: signed(`v1=${right}`),
    expected: "accepted"
  },
  {
    name: "an agreed prefix replaces the usual one",
    options: { prefix: "v1=" },
    headers: signed(`sha256=${right}`),
    expected: "signature_malformed"
  },
  {
    name: "an agreed empty prefix allows no usual one",
    options: { prefix: "" },
    headers: signed(`sha256=${right}`),
    expected: "signature_malformed"
  },
  {
    name: "an agreed empty prefix takes the signature alone",
    options: { prefix: "" },
    headers: signed(right),
    expected: "accepted"
  },
  {
    name: "the usual prefix names the agreed algorithm",
    options: { algorithm: "sha1" },
    headers: signed(`sha1=${signature(secret, "sha1")}`),
    expected: "accepted"
  },
  {
    name: "a prefix that names another algorithm is refused",
    options: { algorithm: "sha1" },
    headers: signed(`sha256=${signature(secret, "sha1")}`),
    expected: "signature_malformed"
  }
]

const hashes = ["sha1", "sha256", "sha512"] as const
const encodings = ["hex", "base64", "base64url"] as const

describe("hmac", () => {
  it.each(cases)("$name", ({ expected, options, secrets = [secret], ...sent }) => {
    assert.strictEqual(verdict("hmac", secrets, { body, ...sent }, options), expected)
  })

  it.prop(
    "each algorithm goes with each encoding, any secret and any bytes",
    {
      algorithm: FastCheck.constantFrom(...hashes),
      encoding: FastCheck.constantFrom(...encodings),
      prefixed: FastCheck.boolean(),
      key: FastCheck.string({ minLength: 1, unit: "grapheme" }),
      bytes: FastCheck.uint8Array()
    },
    ({ algorithm, bytes, encoding, key, prefixed }) => {
      const value = createHmac(algorithm, key).update(bytes).digest(encoding)
      const headers = signed(prefixed ? `${algorithm}=${value}` : value)
      assert.strictEqual(verdict("hmac", [key], { headers, body: bytes }, { algorithm, encoding }), "accepted")
    }
  )
})
