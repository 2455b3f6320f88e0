import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted, Schema } from "effect"
import { CustomResponse, IntegrationInput, IntegrationPatch, SecretInput, Slug } from "../../src/domain/Integration.ts"

const decode = Schema.decodeUnknownEither(IntegrationInput)
const decodePatch = Schema.decodeUnknownEither(IntegrationPatch)

const least = { slug: "shop-stripe", name: "Shop payments", provider: "stripe", secrets: ["whsec_one"] }

describe("a slug", () => {
  const decode = Schema.decodeUnknownEither(Slug)

  it.each(["a", "0", "shop-stripe", "a--b", "x".repeat(64), "00000000-0000-0000-0000-00000000000"])(
    "may be %s",
    (slug) => assert.deepStrictEqual(decode(slug), Either.right(slug))
  )

  it.each([
    "",
    "-a",
    "a-",
    "-",
    "A",
    "a_b",
    "a b",
    "a/b",
    "a.b",
    "ä",
    " a",
    "a\n",
    "x".repeat(65),
    "0193a7a0-0000-7000-8000-000000000001",
    "00000000-0000-0000-0000-000000000000"
  ])("may not be %j", (slug) => {
    assert.isTrue(Either.isLeft(decode(slug)))
  })

  it.prop("is never mistaken for an id, nor does it need escaping in a URL", [
    FastCheck.oneof(FastCheck.uuid(), FastCheck.string())
  ], ([text]) => {
    if (Either.isLeft(decode(text))) return
    assert.isFalse(Schema.is(Schema.UUID)(text))
    assert.strictEqual(new URL(`http://x/${text}`).pathname, `/${text}`)
  })
})

describe("a new integration", () => {
  it("needs a slug, a name and a provider; how many secrets, its scheme says", () => {
    const input = Either.getOrThrow(decode(least))
    assert.deepStrictEqual(input.secrets.map(Redacted.value), ["whsec_one"])
    const { secrets: _, ...open } = least
    assert.deepStrictEqual(Either.getOrThrow(decode(open)).secrets, [])
    for (const key of ["slug", "name", "provider"] as const) {
      const { [key]: _, ...rest } = least
      assert.isTrue(Either.isLeft(decode(rest)), key)
    }
  })

  it("may say more", () => {
    const more = {
      callbackUrl: "https://app.example/hooks",
      options: { header: "X-Proof", algorithm: "sha1", encoding: "base64", prefix: "" },
      rateLimitPerMinute: null,
      dedupe: { header: "X-Id" },
      eventType: { jsonPath: "$.kind" },
      response: { status: 200, body: "[accepted]", contentType: "text/plain" }
    }
    const input = Either.getOrThrow(decode({ ...least, ...more }))
    assert.deepStrictEqual(input.options, { header: "x-proof", algorithm: "sha1", encoding: "base64", prefix: "" })
    assert.deepStrictEqual(input.dedupe, { header: "x-id" })
    assert.deepStrictEqual(input.eventType, { jsonPath: { text: "$.kind", keys: ["kind"] } })
    assert.isNull(input.rateLimitPerMinute)
  })

  it("loses the white space around its name", () => {
    assert.strictEqual(Either.getOrThrow(decode({ ...least, name: "  Shop \n" })).name, "Shop")
  })

  it.each<unknown>([
    { slug: "Shop" },
    { name: "" },
    { name: "   " },
    { name: "x".repeat(201) },
    { provider: "unknown" },
    { provider: "Stripe" },
    { provider: "constructor" },
    { secrets: "whsec_one" },
    { secrets: [""] },
    { secrets: [1] },
    { secrets: ["x".repeat(1_001)] },
    { secrets: Array.from({ length: 11 }, () => "whsec_one") },
    { callbackUrl: 1 },
    { callbackUrl: `https://app.example/${"x".repeat(2_000)}` },
    { callbackUrl: undefined },
    { options: { header: "two words" } },
    { options: { algorithm: "md5" } },
    { options: { encoding: "utf8" } },
    { options: { prefix: "x".repeat(51) } },
    { rateLimitPerMinute: 0 },
    { rateLimitPerMinute: 1.5 },
    { rateLimitPerMinute: 10_000_001 },
    { rateLimitPerMinute: "100" },
    { dedupe: {} },
    { dedupe: null },
    { dedupe: { jsonPath: "id" } },
    { dedupe: { header: "" } },
    { eventType: { jsonPath: "$..type" } },
    { response: { status: 404, body: "", contentType: "text/plain" } },
    { response: { status: 199, body: "", contentType: "text/plain" } },
    { response: { status: 200, body: "" } }
  ])("is refused when it makes no sense: %j", (change) => {
    assert.isTrue(Either.isLeft(decode({ ...least, ...Object(change) })))
  })

  it("is refused in words that hold none of its secrets", () => {
    const secret = `whsec_${"hidden".repeat(200)}`
    for (
      const input of [{ ...least, secrets: [secret] }, { ...least, secrets: [{ hidden: 1 }] }, {
        ...least,
        slug: "",
        secrets: ["hidden"]
      }]
    ) {
      const said = Either.match(decode(input), { onLeft: String, onRight: () => assert.fail("it was taken") })
      assert.notInclude(said, "hidden")
    }
  })
})

describe("a secret on its way in", () => {
  it("does not show itself", () => {
    const secret = Schema.decodeSync(SecretInput)("whsec_hidden")
    assert.strictEqual(Redacted.value(secret), "whsec_hidden")
    assert.notInclude(`${secret} ${JSON.stringify({ secret })}`, "hidden")
  })
})

describe("a custom response", () => {
  const decode = Schema.decodeUnknownEither(CustomResponse)

  it.each<[number, string, string]>([[200, "", "text/plain"], [
    299,
    "x".repeat(4_096),
    "application/json; charset=utf-8"
  ]])(
    "may be %i",
    (status, body, contentType) => assert.isTrue(Either.isRight(decode({ status, body, contentType })))
  )

  it.each<[number, string, string]>([
    [300, "", "text/plain"],
    [200.5, "", "text/plain"],
    [200, "x".repeat(4_097), "text/plain"],
    [200, "", ""],
    [200, "", "text/plain\r\nset-cookie: a=b"],
    [200, "", "täxt"],
    [200, "", "x".repeat(101)]
  ])("may not be %i, %j, %j", (status, body, contentType) => {
    assert.isTrue(Either.isLeft(decode({ status, body, contentType })))
  })
})

describe("a change of an integration", () => {
  it("may leave everything out, and take away with null what it may be without", () => {
    assert.deepStrictEqual(decodePatch({}), Either.right({}))
    const nothing = { rateLimitPerMinute: null, dedupe: null, eventType: null, response: null }
    assert.deepStrictEqual(decodePatch(nothing), Either.right(nothing))
  })

  it.each<unknown>([
    { slug: null },
    { name: null },
    { name: "" },
    { status: null },
    { status: "paused" },
    { slug: undefined },
    { rateLimitPerMinute: 0 },
    { dedupe: {} }
  ])("is refused when it makes no sense: %j", (patch) => {
    assert.isTrue(Either.isLeft(decodePatch(patch)))
  })
})
