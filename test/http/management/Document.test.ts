import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

/** Of the contract; more may be added. */
const routes = [
  "GET /health",
  "GET /health/live",
  "GET /health/ready",
  "GET /integrations",
  "POST /integrations",
  "GET /integrations/{id}",
  "PATCH /integrations/{id}",
  "DELETE /integrations/{id}",
  "GET /integrations/{id}/destinations",
  "POST /integrations/{id}/destinations",
  "GET /destinations/{id}",
  "PATCH /destinations/{id}",
  "DELETE /destinations/{id}",
  "POST /destinations/{id}/pause",
  "POST /destinations/{id}/resume",
  "GET /events",
  "GET /events/{id}",
  "GET /events/{id}/body",
  "POST /events/{id}/replay",
  "GET /deliveries",
  "GET /deliveries/{id}",
  "GET /queues"
]

const Document = Schema.Struct({
  openapi: Schema.String,
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        summary: Schema.NonEmptyString,
        security: Schema.Array(Schema.Unknown),
        responses: Schema.Record({ key: Schema.String, value: Schema.Unknown })
      })
    })
  })
})

layer(Api.onTwins(), Api.live)("the OpenAPI document", (it) => {
  it.effect("tells of every route, each with a summary", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const answer = yield* call("/api/v1/openapi.json")
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
      const { openapi, paths } = yield* Schema.decodeUnknown(Document)(answer.json)
      const told = Object.entries(paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace("/api/v1", "")}`)
      )
      assert.match(openapi, /^3\./)
      assert.includeMembers(told, routes)
    }))

  it.effect("tells which routes ask for the key, and that they answer 401 without", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { paths } = yield* Schema.decodeUnknown(Document)((yield* call("/api/v1/openapi.json")).json)
      for (const [path, operations] of Object.entries(paths)) {
        for (const { responses, security } of Object.values(operations)) {
          const free = path.startsWith("/api/v1/health")
          assert.deepStrictEqual(["401" in responses, security.length > 0], [!free, !free], path)
        }
      }
    }))
})

layer(Api.onTwins(), Api.live)("the documentation", (it) => {
  it.effect("is a page that loads nothing from elsewhere", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { headers, status, text } = yield* call("/docs")
      assert.strictEqual(status, 200)
      assert.match(headers.get("content-type") ?? "", /^text\/html/)
      assert.match(text, /^<!doctype html>/i)
      assert.include(text, "/api/v1/integrations")
      // Its script could ask others for fonts; the browser is not to let it.
      assert.include(text, "\"withDefaultFonts\":false")
      assert.include(headers.get("content-security-policy") ?? "", "default-src 'self'")
      assert.notMatch(text, /<script\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?\/\//i)
      assert.notMatch(text, /<link\b[^>]*\bhref\s*=\s*["']?(?:https?:)?\/\//i)
    }))
})
