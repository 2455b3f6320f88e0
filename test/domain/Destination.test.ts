import { assert, describe, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import { DestinationInput, DestinationPatch } from "../../src/domain/Destination.ts"

const decode = Schema.decodeUnknownEither(DestinationInput)
const decodePatch = Schema.decodeUnknownEither(DestinationPatch)

const url = "https://app.example/hooks"

describe("a new destination", () => {
  it("needs a URL, and may say more", () => {
    assert.deepStrictEqual(decode({ url }), Either.right({ url }))
    const more = { url, filter: { types: ["invoice.*"] }, retryPolicy: { maxRetries: 3 }, signatureNames: "sluice" }
    assert.deepStrictEqual<unknown>(Either.getOrThrow(decode(more)), more)
  })

  it.each<unknown>([
    {},
    { url: null },
    { url: `https://app.example/${"x".repeat(2_000)}` },
    { url, filter: { types: [""] } },
    { url, filter: { rules: [{ path: "id", op: "exists", value: true }] } },
    { url, filter: null },
    { url, retryPolicy: { maxRetries: 1_000 } },
    { url, retryPolicy: { factor: 0 } },
    { url, retryPolicy: { baseDelayMs: 0 } },
    { url, signatureNames: "svix" },
    { url, signatureNames: undefined }
  ])("is refused when it makes no sense: %j", (input) => {
    assert.isTrue(Either.isLeft(decode(input)))
  })
})

describe("a change of a destination", () => {
  it("may leave everything out, and switch it off and on", () => {
    assert.deepStrictEqual(decodePatch({}), Either.right({}))
    for (const status of ["active", "disabled"]) assert.isTrue(Either.isRight(decodePatch({ status })))
  })

  it.each<unknown>([{ status: "paused" }, { url: null }, { filter: { rules: {} } }, {
    retryPolicy: { maxDelayMs: 0 }
  }])(
    "is refused when it makes no sense: %j",
    (patch) => assert.isTrue(Either.isLeft(decodePatch(patch)))
  )
})
