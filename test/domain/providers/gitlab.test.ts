import { assert, describe, it } from "@effect/vitest"
import { Webhook } from "standardwebhooks"
import { type Case, now, verdict } from "../verification/Requests.ts"

const signing = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
const token = "the secret token of the tests"
const body = "{\"object_kind\":\"push\"}"

const signed = (key: string) => ({
  "webhook-id": "msg_1",
  "webhook-timestamp": String(now / 1_000),
  "webhook-signature": new Webhook(key).sign("msg_1", new Date(now), body)
})

const cases: ReadonlyArray<Case> = [
  { name: "a webhook signed by the signing token is accepted", headers: signed(signing), expected: "accepted" },
  {
    name: "a secret token in its header is accepted",
    secrets: [token],
    headers: { "x-gitlab-token": token },
    expected: "accepted"
  },
  {
    name: "an integration may have both while one replaces the other",
    secrets: [token, signing],
    headers: signed(signing),
    expected: "accepted"
  },
  {
    name: "a signing token that is sent as a secret token proves nothing",
    headers: { "x-gitlab-token": signing },
    expected: "signature_missing"
  },
  {
    name: "neither does it beside a secret token",
    secrets: [token, signing],
    headers: { "x-gitlab-token": signing },
    expected: "signature_mismatch"
  },
  {
    name: "a secret token is no key of a signature",
    secrets: [Buffer.from(token).toString("base64")],
    headers: signed(Buffer.from(token).toString("base64")),
    expected: "signature_missing"
  },
  {
    name: "a wrong signature is refused beside a signing token that is sent as a secret token",
    headers: { ...signed("whsec_YW5vdGhlciBzZWNyZXQgb2YgMjQgYnl0"), "x-gitlab-token": signing },
    expected: "signature_mismatch"
  }
]

describe("gitlab", () => {
  it.each(cases)("$name", ({ expected, secrets = [signing], ...sent }) => {
    assert.strictEqual(verdict("gitlab", secrets, { body, ...sent }), expected)
  })
})
