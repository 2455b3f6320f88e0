import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted } from "effect"
import { type PresetId, providers } from "../../../src/domain/providers/Providers.ts"
import * as Scheme from "../../../src/domain/verification/Scheme.ts"
import * as SecretShape from "../../../src/domain/verification/SecretShape.ts"

const problem = (provider: PresetId, secret: string) =>
  SecretShape.problem(providers[provider].scheme({}), Redacted.make(secret))

const hexKeyed = Scheme.make({ proofs: [{ kind: "hmac", at: [{ header: "x-signature" }], key: { encoding: "hex" } }] })

describe("the form of a secret", () => {
  it.each<[PresetId, string]>([
    ["stripe", "whsec_anything, even this"],
    ["github", "päßwörd with spaces"],
    ["hmac", "x"],
    ["token", "user:password"],
    ["standard-webhooks", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"],
    ["standard-webhooks", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"]
  ])("%s takes %s", (provider, secret) => {
    assert.deepStrictEqual(problem(provider, secret), Option.none())
  })

  it.each<[PresetId, string]>([
    ["stripe", " whsec_copied"],
    ["github", "copied\n"],
    ["token", "\tcopied"],
    ["standard-webhooks", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3 "],
    ["standard-webhooks", "whsec_MDEy MzQ1"],
    ["standard-webhooks", "whsec_MDEyM"],
    ["standard-webhooks", "whsec_MDEyMzQ1===="],
    ["standard-webhooks", "whsec_MD_yMzQ-"],
    ["standard-webhooks", "whsk_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"]
  ])("%s refuses %j and does not repeat it", (provider, secret) => {
    const said = Option.getOrElse(problem(provider, secret), () => assert.fail("it was taken"))
    assert.notInclude(said, secret)
  })

  it.prop(
    "any key in base64 is taken, with its padding or without",
    [FastCheck.uint8Array({ minLength: 1 })],
    ([bytes]) => {
      const text = Buffer.from(bytes).toString("base64")
      for (const secret of [text, `whsec_${text}`, text.replaceAll("=", "")]) {
        assert.deepStrictEqual(problem("standard-webhooks", secret), Option.none())
      }
    }
  )

  it("is refused when nothing follows its prefix", () => {
    assert.isTrue(Option.isSome(problem("standard-webhooks", "whsec_")))
  })

  it("a key in hex is whole bytes of hex", () => {
    const problem = (secret: string) => Option.isSome(SecretShape.problem(hexKeyed, Redacted.make(secret)))
    assert.deepStrictEqual(["00ffAB", "00f", "0g", ""].map(problem), [false, true, true, true])
  })
})
