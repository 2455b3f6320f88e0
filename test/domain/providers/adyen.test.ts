import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { createHmac } from "node:crypto"
import { providers } from "../../../src/domain/providers/Providers.ts"
import * as Naming from "../../../src/domain/verification/Naming.ts"
import { type Case, request, verdict } from "../verification/Requests.ts"

const secret = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
const other = "00782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"

// From Adyen's library: base64 HMAC-SHA256 of eight members with colons between, by the key that the hex stands for.
const item = (pspReference: string, key = secret, further: Readonly<Record<string, unknown>> = {}) => {
  const hmacSignature = createHmac("sha256", Buffer.from(key, "hex")).update(`${pspReference}:::::::`).digest("base64")
  return { NotificationRequestItem: { pspReference, additionalData: { hmacSignature }, ...further } }
}

const batch = (...notificationItems: ReadonlyArray<unknown>) => JSON.stringify({ live: "false", notificationItems })

const cases: ReadonlyArray<Case> = [
  {
    name: "a batch whose elements are all signed is accepted",
    body: batch(item("1"), item("2")),
    expected: "accepted"
  },
  {
    name: "a batch of two whose second is forged is refused",
    body: batch(item("1"), item("2", other)),
    expected: "signature_mismatch"
  },
  {
    name: "a batch of two whose first is forged is refused",
    body: batch(item("1", other), item("2")),
    expected: "signature_mismatch"
  },
  {
    name: "an element with the signature of its neighbour is refused",
    body: batch(item("1"), item("1", secret, { pspReference: "2" })),
    expected: "signature_mismatch"
  },
  {
    name: "an element without a signature is refused",
    body: batch(item("1"), { NotificationRequestItem: { pspReference: "2" } }),
    expected: "signature_missing"
  },
  { name: "an element that is none is refused", body: batch(item("1"), null), expected: "signature_missing" },
  {
    name: "elements may be signed by different secrets while one replaces the other",
    secrets: [other, secret],
    body: batch(item("1"), item("2", other)),
    expected: "accepted"
  },
  { name: "no element proves nothing", body: batch(), expected: "signature_missing" },
  {
    name: "a list that is none proves nothing",
    body: JSON.stringify({ notificationItems: { 0: item("1") } }),
    expected: "signature_missing"
  },
  {
    name: "a body of the one element proves nothing",
    body: JSON.stringify(item("1")),
    expected: "signature_missing"
  },
  { name: "no JSON proves nothing", body: "[accepted]", expected: "signature_missing" },
  {
    name: "more elements than anybody sends are refused",
    body: batch(...Array.from({ length: 1_001 }, () => item("1"))),
    expected: "signature_missing"
  },
  {
    name: "a member that is signed as missing cannot be added",
    body: batch(item("1", secret, { originalReference: "2" })),
    expected: "signature_mismatch"
  },
  {
    name: "a member that is signed as missing cannot be added as what is no text",
    body: batch(item("1", secret, { originalReference: { value: "2" } })),
    expected: "signed_value_missing"
  }
]

describe("adyen", () => {
  it.each(cases)("$name", ({ expected, secrets = [secret], ...sent }) => {
    assert.strictEqual(verdict("adyen", secrets, sent), expected)
  })

  it("names a batch of several by the body's hash", () => {
    const overrides = { dedupe: Option.none(), type: Option.none() }
    const named = Naming.name(providers.adyen.scheme({}), overrides, request({ body: batch(item("1"), item("2")) }))
    assert.match(named.dedupeKey, /^sha256:/)
    assert.isTrue(Option.isNone(named.type))
  })
})
