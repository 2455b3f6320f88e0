import { assert, describe, it } from "@effect/vitest"
import { altered, type Case, verdict } from "../verification/Requests.ts"

const secret = "the secret: of the tests"
const other = "another secret"
const body = "{}"

const sent = (value: string | ReadonlyArray<string>) => ({ "x-webhook-token": value })

const cases: ReadonlyArray<Case> = [
  { name: "the secret is accepted", headers: sent(secret), expected: "accepted" },
  { name: "it proves nothing about the body", body: "anything", headers: sent(secret), expected: "accepted" },
  { name: "the second of two secrets is tried", secrets: [other, secret], headers: sent(secret), expected: "accepted" },
  { name: "a changed secret is refused", headers: sent(altered(secret, 5)), expected: "signature_mismatch" },
  { name: "another secret is refused", headers: sent(other), expected: "signature_mismatch" },
  { name: "another case is refused", headers: sent(secret.toUpperCase()), expected: "signature_mismatch" },
  { name: "the secret's beginning is refused", headers: sent(secret.slice(0, -1)), expected: "signature_mismatch" },
  { name: "more than the secret is refused", headers: sent(`${secret}!`), expected: "signature_mismatch" },
  {
    name: "the secret twice in one header is refused",
    headers: sent(`${secret}, ${secret}`),
    expected: "signature_mismatch"
  },
  { name: "an empty header is refused", headers: sent(""), expected: "signature_mismatch" },
  { name: "an endless header is not read", headers: sent("0".repeat(8_193)), expected: "signature_malformed" },
  { name: "no header is refused", headers: {}, expected: "signature_missing" },
  { name: "the header twice is refused", headers: sent([secret, secret]), expected: "signature_repeated" },
  { name: "no secret at all accepts nothing", secrets: [], headers: sent(""), expected: "secret_missing" },
  {
    name: "another header may be agreed",
    options: { header: "authorization" },
    headers: { authorization: secret },
    expected: "accepted"
  },
  {
    name: "then the usual header is not looked at",
    options: { header: "authorization" },
    headers: sent(secret),
    expected: "signature_missing"
  }
]

describe("token", () => {
  it.each(cases)("$name", ({ expected, options, secrets = [secret], ...rest }) => {
    assert.strictEqual(verdict("token", secrets, { body, ...rest }, options), expected)
  })
})
