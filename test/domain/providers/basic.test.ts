import { assert, describe, it } from "@effect/vitest"
import { type Case, verdict } from "../verification/Requests.ts"

const secret = "user:a pass:word: with colons, ünïcödé"
const encoded = (text: string) => Buffer.from(text).toString("base64")
const sent = (value: string | ReadonlyArray<string>) => ({ authorization: value })

const cases: ReadonlyArray<Case> = [
  {
    name: "a user and a password with colons are accepted",
    headers: sent(`Basic ${encoded(secret)}`),
    expected: "accepted"
  },
  { name: "the scheme's name has no case", headers: sent(`bASIC  ${encoded(secret)} `), expected: "accepted" },
  {
    name: "a password that is cut at a colon is refused",
    headers: sent(`Basic ${encoded("user:a pass:word")}`),
    expected: "signature_mismatch"
  },
  {
    name: "a password cut at its first colon is refused",
    headers: sent(`Basic ${encoded("user:a pass")}`),
    expected: "signature_mismatch"
  },
  {
    name: "another user with the same password is refused",
    headers: sent(`Basic ${encoded(secret.replace("user", "root"))}`),
    expected: "signature_mismatch"
  },
  {
    name: "a colon that moved is refused",
    headers: sent(`Basic ${encoded(secret.replace("user:a pass:", "user:a :pass"))}`),
    expected: "signature_mismatch"
  },
  { name: "no password is refused", headers: sent(`Basic ${encoded("user")}`), expected: "signature_mismatch" },
  { name: "another scheme is refused", headers: sent(`Bearer ${encoded(secret)}`), expected: "signature_malformed" },
  { name: "the secret as it stands is refused", headers: sent(`Basic ${secret}`), expected: "signature_malformed" },
  { name: "nothing behind the scheme is refused", headers: sent("Basic "), expected: "signature_malformed" },
  {
    name: "the header twice is refused",
    headers: sent([`Basic ${encoded(secret)}`, `Basic ${encoded(secret)}`]),
    expected: "signature_repeated"
  }
]

describe("basic", () => {
  it.each(cases)("$name", ({ expected, secrets = [secret], ...sent }) => {
    assert.strictEqual(verdict("basic", secrets, sent), expected)
  })
})
