import { assert, layer } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Effect, Option, Schema } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"
import * as Routes from "./Routes.ts"

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
  "GET /replays",
  "POST /replays",
  "GET /replays/{id}",
  "POST /replays/{id}/cancel",
  "GET /dead-letters",
  "POST /dead-letters/replay",
  "GET /queues",
  "GET /queues/{name}/messages",
  "POST /queues/{name}/requeue",
  "POST /queues/{name}/purge"
]

const Operation = Schema.Struct({
  summary: Schema.NonEmptyString,
  operationId: Schema.NonEmptyString,
  security: Schema.Array(Schema.Struct({ bearer: Schema.optional(Schema.Array(Schema.String)) })),
  parameters: Schema.Array(Schema.Struct({ name: Schema.String, in: Schema.String, required: Schema.Boolean })),
  requestBody: Schema.optional(Schema.Unknown),
  responses: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({ description: Schema.NonEmptyString, content: Schema.optional(Schema.Unknown) })
  })
})

const Document = Schema.Struct({
  openapi: Schema.String,
  paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Operation }) })
})

const Components = Schema.Struct({
  components: Schema.Struct({ schemas: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
})

const published = Effect.gen(function*() {
  const { call } = yield* Gateway.Gateway
  const answer = yield* call("/api/v1/openapi.json")
  assert.strictEqual(answer.headers.get("content-type"), "application/json")
  return answer.json
})

const decoded = Effect.flatMap(published, Schema.decodeUnknown(Document))

/** What the document says of a route. */
const operationOf = ({ paths }: typeof Document.Type, { method, template }: Routes.Route) => {
  const operation = paths[template]?.[method.toLowerCase()]
  assert.isDefined(operation, `${method} ${template} is not told`)
  return operation
}

layer(Api.onTwins(), Api.live)("the OpenAPI document", (it) => {
  it.effect("is valid by the specification's own schema, and all that it refers to is there", () =>
    Effect.gen(function*() {
      const validator = new Validator()
      const document = yield* Schema.decodeUnknown(Schema.Record({ key: Schema.String, value: Schema.Unknown }))(
        yield* published
      )
      const { errors, valid } = yield* Effect.promise(() => validator.validate(document))
      assert.isTrue(valid, JSON.stringify(errors))
      assert.strictEqual(validator.version, "3.1")
      const text = JSON.stringify(document)
      const { components } = yield* Schema.decodeUnknown(Components)(document)
      for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        assert.property(components.schemas, decodeURIComponent(name))
      }
    }))

  it.effect("tells of every route of the contract", () =>
    Effect.gen(function*() {
      const { openapi, paths } = yield* decoded
      const told = Object.entries(paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace("/api/v1", "")}`)
      )
      assert.match(openapi, /^3\.1\./)
      assert.includeMembers(told, routes)
      assert.include(told, "POST /webhooks/{integration}")
    }))

  it.effect("tells of each route what it takes, under a name of its own", () =>
    Effect.gen(function*() {
      const document = yield* decoded
      for (const route of Routes.all) {
        const { operationId, parameters, requestBody } = operationOf(document, route)
        const named = (where: string) => parameters.filter((_) => _.in === where).map(({ name }) => name)
        assert.strictEqual(operationId, route.name)
        assert.sameMembers(named("query"), [...route.params], route.name)
        assert.sameMembers(named("path"), [...route.template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name))
        assert.isTrue(parameters.every((_) => _.in !== "path" || _.required), route.name)
        assert.strictEqual(requestBody !== undefined, Option.isSome(route.body), route.name)
      }
      const ids = Object.values(document.paths).flatMap((_) => Object.values(_)).map(({ operationId }) => operationId)
      assert.strictEqual(new Set(ids).size, ids.length)
    }))

  it.effect("tells which routes ask for the key, and how each may refuse", () =>
    Effect.gen(function*() {
      const document = yield* decoded
      for (const route of Routes.all) {
        const { responses, security } = operationOf(document, route)
        const statuses = Object.keys(responses)
        assert.strictEqual(security.some(({ bearer }) => bearer !== undefined), route.guarded, route.name)
        if (!route.guarded) assert.notInclude(statuses, "401", route.name)
        else assert.includeMembers(statuses, ["400", "401", "500", "503"], route.name)
        if (route.template.includes("{")) assert.include(statuses, "404", route.name)
        if (route.method === "POST") assert.includeMembers(statuses, ["409", "413", "415"], route.name)
        if (route.method === "GET") {
          for (const never of ["409", "413", "415"]) assert.notInclude(statuses, never, route.name)
        }
      }
      assert.notInclude(JSON.stringify(document), "HttpApiDecodeError")
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
      for (const setting of ["\"withDefaultFonts\":false", "\"showToolbar\":\"never\"", "\"telemetry\":false"]) {
        assert.include(text, setting)
      }
      assert.include(headers.get("content-security-policy") ?? "", "default-src 'self'")
      assert.notMatch(text, /<script\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?\/\//i)
      assert.notMatch(text, /<link\b[^>]*\bhref\s*=\s*["']?(?:https?:)?\/\//i)
    }))
})
