import { assert, describe, it } from "@effect/vitest"
import { Either, Option } from "effect"
import { PresetId } from "../../src/domain/providers/Providers.ts"
import * as Options from "../../src/simulate/Options.ts"

const url = "http://localhost:3000/api/v1/webhooks/one"
const stripe = ["--provider", "stripe", "--url", url]

const message = (...parameters: ReadonlyArray<string>): string =>
  Either.match(Options.read(parameters), { onLeft: ({ message }) => message, onRight: () => "" })

const chosen = (...parameters: ReadonlyArray<string>) =>
  Either.getOrElse(Options.read(parameters), ({ message }) => assert.fail(message))

describe("the options of a simulation", () => {
  it("are one webhook of the provider's own type by its test key, where nothing is said", () => {
    const { count, isTestKey, rate, sender, type } = chosen(...stripe)
    assert.deepStrictEqual([sender.provider, sender.variant, count, rate, type, isTestKey], [
      "stripe",
      undefined,
      1,
      Option.none(),
      "invoice.paid",
      true
    ])
  })

  it("are what is said", () => {
    const { count, key, rate, secret, type } = chosen(
      ...stripe,
      "--secret=whsec_mine",
      "--count=1000000",
      "--rate=0.5",
      "--type=invoice.voided"
    )
    assert.deepStrictEqual([count, key, rate, secret, type], [
      1_000_000,
      "whsec_mine",
      Option.some(0.5),
      "whsec_mine",
      "invoice.voided"
    ])
  })

  it("name a variant where the provider has one", () => {
    assert.strictEqual(chosen(...stripe.with(1, "gitlab"), "--variant", "token").sender.variant, "token")
    assert.match(message(...stripe, "--variant", "token"), /^There is no variant token of stripe\./)
  })

  it("take a URL as it is sent: whole, and without what stays in a browser", () => {
    const given = (url: string) => chosen("--provider", "square", "--url", url).url
    assert.strictEqual(given("HTTP://Localhost:80#a"), "http://localhost/")
    assert.strictEqual(given(`${url}?a=%2F&b#c`), `${url}?a=%2F&b`)
  })

  it.each([
    [[], "Say which provider"],
    [["--provider", "stripe"], "Say which webhook URL"],
    [["--provider", "strip", "--url", url], "There is no provider strip."],
    [["--provider", "paypal", "--url", url], "Only PayPal itself can sign"],
    [["--provider", "sns", "--url", url], "Only AWS can sign"],
    [["--provider", "none", "--url", url], "The provider none signs nothing"],
    [["--provider", "custom", "--url", url], "A custom scheme is the user's own"],
    [["--provider", "constructor", "--url", url], "There is no provider constructor."],
    [["--provider", "stripe", "--url", "/one"], "--url must be"],
    [["--provider", "stripe", "--url", "ftp://localhost/one"], "--url must begin with"],
    [["--provider", "basic", "--url", "http://user:password@localhost/one"], "--url must not hold"],
    [[...stripe, "--count", "0"], "--count must be"],
    [[...stripe, "--count", "1.5"], "--count must be"],
    [[...stripe, "--count", "1000001"], "--count must be"],
    [[...stripe, "--rate", "0"], "--rate must be"],
    [[...stripe, "--rate", "fast"], "--rate must be"],
    [[...stripe, "--rate", "Infinity"], "--rate must be"],
    [[...stripe, "--secret", ""], "--secret must be"],
    [["--provider", "discord", "--url", url, "--secret", "no key"], "--secret must be the private key as 64 hex"],
    [["--provider", "sendgrid", "--url", url, "--secret", "00".repeat(32)], "--secret must be the private key"],
    [[...stripe, "--cuont", "1"], "Unknown option '--cuont'"],
    [[...stripe, "--count"], "Option '--count <value>' argument missing"],
    [[...stripe, "surplus"], "Unexpected argument 'surplus'"]
  ])("%j gets a message that says what to do", (parameters, said) => {
    assert.isTrue(message(...parameters).startsWith(said), message(...parameters))
    assert.include(message(...parameters), "npm run simulate -- --provider")
  })

  it("are explained with every provider", () => {
    for (const id of PresetId.literals) assert.match(message(), new RegExp(`  ${id}(?= |$)`, "m"))
    assert.match(message(), /--provider gitlab --variant token/)
  })
})
