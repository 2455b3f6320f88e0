import { assert, describe, it } from "@effect/vitest"
import { createHash, createHmac } from "node:crypto"
import { type Case, hook, verdict } from "../verification/Requests.ts"

const secret = "12345"

// From Twilio's documentation: base64 HMAC-SHA1 of the URL and the form's fields by name, each name followed by its value.
const signed = (url: string, fields = "") => ({
  "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
  "x-twilio-signature": createHmac("sha1", secret).update(url + fields).digest("base64")
})

const json = (url: string) => ({ ...signed(url), "content-type": "application/json" })

const form = "Digits=1234&CallSid=CA1&To=%2B1800&A+b="
const fields = "A bCallSidCA1Digits1234To+1800"
const ported = hook.replace("hooks.example", "hooks.example:443")
const unported = "http://hooks.example/one?a=b:1"
const body = "{\"EventType\":\"onMessageAdded\"}"
const hashed = `${hook}?bodySHA256=${createHash("sha256").update(body).digest("hex")}`

const cases: ReadonlyArray<Case> = [
  { name: "a signed form is accepted", body: form, headers: signed(hook, fields), expected: "accepted" },
  {
    name: "the usual port may be signed where it was not sent",
    body: form,
    headers: signed(ported, fields),
    expected: "accepted"
  },
  {
    name: "the usual port may be sent where it was not signed",
    url: ported,
    body: form,
    headers: signed(hook, fields),
    expected: "accepted"
  },
  { name: "the usual port may be sent and signed", url: ported, headers: signed(ported), expected: "accepted" },
  {
    name: "the usual port of http is another",
    url: unported,
    headers: signed("http://hooks.example:80/one?a=b:1"),
    expected: "accepted"
  },
  {
    name: "the port of https is none of http",
    url: unported,
    headers: signed("http://hooks.example:443/one?a=b:1"),
    expected: "signature_mismatch"
  },
  {
    name: "the usual port goes with a JSON body too",
    url: hashed,
    body,
    headers: json(hashed.replace("hooks.example", "hooks.example:443")),
    expected: "accepted"
  },
  {
    name: "repeated values of a field are signed once, and in order",
    body: "MediaUrl=b&MediaUrl=a&MediaUrl=b&Digits=1",
    headers: signed(hook, "Digits1MediaUrlaMediaUrlb"),
    expected: "accepted"
  },
  {
    name: "a further value of a field is refused",
    body: "MediaUrl=a&MediaUrl=b",
    headers: signed(hook, "MediaUrla"),
    expected: "signature_mismatch"
  },
  {
    name: "a further field is refused",
    body: `${form}&B=`,
    headers: signed(hook, fields),
    expected: "signature_mismatch"
  },
  {
    name: "a question mark before the form is refused",
    body: `?${form}`,
    headers: signed(hook, fields),
    expected: "signature_mismatch"
  },
  {
    name: "a byte order mark before the form is refused",
    body: `\ufeff${form}`,
    headers: signed(hook, fields),
    expected: "signature_mismatch"
  },
  {
    name: "another query is refused",
    url: `${hook}?a=1`,
    body: form,
    headers: signed(hook, fields),
    expected: "signature_mismatch"
  },
  { name: "an empty body has no fields", headers: signed(hook), expected: "accepted" },
  {
    name: "a JSON body of which the URL knows nothing is refused",
    body,
    headers: json(hook),
    expected: "signed_value_missing"
  },
  {
    name: "a hash that was not signed is refused",
    url: hashed,
    body,
    headers: json(hook),
    expected: "signature_mismatch"
  },
  {
    name: "the hash of another body is refused",
    url: hashed,
    body: "{}",
    headers: json(hashed),
    expected: "body_hash_mismatch"
  },
  {
    name: "no body instead of the hashed one is refused",
    url: hashed,
    headers: json(hashed),
    expected: "body_hash_mismatch"
  },
  {
    name: "a form of no fields instead of the hashed body is refused",
    url: hashed,
    body: "&&",
    headers: signed(hashed),
    expected: "body_hash_mismatch"
  },
  {
    name: "two hashes are refused",
    url: `${hashed}&bodySHA256=00`,
    body,
    headers: json(`${hashed}&bodySHA256=00`),
    expected: "body_hash_mismatch"
  }
]

describe("twilio", () => {
  it.each(cases)("$name", ({ expected, secrets = [secret], ...sent }) => {
    assert.strictEqual(verdict("twilio", secrets, sent), expected)
  })
})
