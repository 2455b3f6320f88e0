import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { gzipSync } from "node:zlib"
import * as Gateway from "../../support/Gateway.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Api from "../Api.ts"

const integration = { slug: "valid", name: "Valid", provider: "hmac", secrets: ["a-secret"] }
const headers = { authorization: `Bearer ${managementKey}`, "content-type": "application/json" }

layer(Api.onTwins(), Api.live)("the body of a management call", (it) => {
  it.effect("is refused with 413 over a megabyte, and with 415 when it is called something else than JSON", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const body = JSON.stringify({ ...integration, name: "x".repeat(1_048_576) })
      Api.failed(yield* call("/api/v1/integrations", { body, headers }), 413, "payload_too_large")
      const small = JSON.stringify(integration)
      for (
        const type of [
          "text/plain",
          "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=a",
          "application/json-patch+json",
          "application/json/x",
          "application/xml"
        ]
      ) {
        const answer = yield* call("/api/v1/integrations", {
          body: small,
          headers: { ...headers, "content-type": type }
        })
        Api.failed(answer, 415, "unsupported")
      }
    }))

  it.effect("is refused with 415 when it is compressed, or says that it is", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const small = JSON.stringify(integration)
      for (const [coding, body] of [["gzip", gzipSync(small)], ["br", small], ["identity, gzip", small]] as const) {
        const answer = yield* call("/api/v1/integrations", {
          body,
          headers: { ...headers, "content-encoding": coding }
        })
        Api.failed(answer, 415, "unsupported")
      }
      const identity = { ...headers, "content-encoding": "identity" }
      const plain = yield* call("/api/v1/integrations", { body: JSON.stringify({ slug: "-" }), headers: identity })
      assert.include(Api.complaints(plain), "slug")
    }))

  it.effect("is told about no more than a hundred of its problems", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const answer = yield* manage("/integrations", { ...integration, secrets: Array.from({ length: 1_900 }, () => 1) })
      assert.lengthOf(Api.failed(answer, 400, "validation_failed").details ?? [], 100)
    }))

  it.effect("may name its charset, or no type at all", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const create = (slug: string, type: Readonly<Record<string, string>>) =>
        call("/api/v1/integrations", {
          // As bytes, for which the client names no type.
          body: new TextEncoder().encode(JSON.stringify({ ...integration, slug })),
          headers: { authorization: headers.authorization, ...type }
        })
      assert.strictEqual((yield* create("charset", { "content-type": "Application/JSON; charset=utf-8" })).status, 201)
      assert.strictEqual((yield* create("untyped", {})).status, 201)
    }))
})
