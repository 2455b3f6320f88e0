import { assert, layer } from "@effect/vitest"
import { Effect, Option, Predicate } from "effect"
import * as Client from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Api from "../Api.ts"
import * as Routes from "./Routes.ts"

const marker = "whsec_MARKER7fQ2xZ"
const key = { authorization: `Bearer ${managementKey}` }
const json = { ...key, "content-type": "application/json" }
const unknown = "no-such-field"

const posting = Routes.guarded.filter(({ method }) => method === "POST" || method === "PATCH")
const withBody = posting.filter(({ body }) => Option.isSome(body))
const withFields = withBody.flatMap((route) =>
  Option.toArray(route.body).flatMap((body) => Routes.fieldsOf(body).map((field) => ({ route, field })))
)
const withParams = Routes.guarded.flatMap((route) => route.params.map((param) => ({ route, param })))

/** The error of an answer: one that its route declares, that tells nothing of what was sent, and nothing of the insides. */
const failed = (route: Routes.Route, answer: Gateway.Answer, status: number, code: string) => {
  const where = `${route.method} ${route.template} answered ${answer.status} ${answer.text}`
  assert.strictEqual(answer.status, status, where)
  assert.isTrue(Routes.declares(route, answer.status, answer.json), `${where}, which it does not declare`)
  assert.notInclude(answer.text, "MARKER", where)
  assert.notMatch(answer.text, /node_modules|file:\/\/|\.(?:ts|js):\d|\\n\s+at /, where)
  return Api.failed(answer, status, code)
}

/** The paths of what is wrong with a call. */
const complaints = (route: Routes.Route, answer: Gateway.Answer): ReadonlyArray<string> => {
  const { details = [] } = failed(route, answer, 400, "validation_failed")
  assert.isAbove(details.length, 0, `${route.method} ${route.template}: ${answer.text}`)
  return details.map(({ path }) => path)
}

const send = Effect.fnUntraced(function*(
  { method, path }: Routes.Route,
  body: unknown,
  headers: Readonly<Record<string, string>> = json
) {
  const { call } = yield* Gateway.Gateway
  const text = Predicate.isString(body) ? body : JSON.stringify(body)
  return yield* call(path, { method, headers, ...(text === undefined ? {} : { body: text }) })
})

layer(Client.onTwins(), Api.live)("every route of the management API", (it) => {
  it.effect("asks for the key before it looks at anything else", () =>
    Effect.gen(function*() {
      for (const route of Routes.guarded) {
        for (const headers of [{}, { authorization: `Bearer ${marker}` }]) {
          failed(route, yield* send(route, undefined, headers), 401, "unauthorized")
          const asked = { ...route, path: `${route.path}?limit=${marker}&${unknown}=${marker}` }
          failed(route, yield* send(asked, undefined, headers), 401, "unauthorized")
        }
      }
      for (const route of posting) {
        failed(route, yield* send(route, `{"${marker}`, { "content-type": "text/plain" }), 401, "unauthorized")
      }
    }))

  it.effect("is refused by the typed client's error to who has no key or a wrong one, and knows who has the right one", () =>
    Effect.gen(function*() {
      const { operator } = yield* Client.Clients
      for (const { name, request } of Routes.guarded) {
        yield* Client.guarded((client) => Client.call(client, name, request()))
        const outcome = yield* Effect.either(Client.call(operator, name, request()))
        assert.notInclude(JSON.stringify(outcome), "\"unauthorized\"", name)
      }
    }))

  it.effect("refuses what is no JSON", () =>
    Effect.gen(function*() {
      for (const route of posting) {
        for (const body of [`{"${marker}`, marker, `{"a":"${marker}"}}`, "{\"a\":\"\\u0000\"}", `["${marker}`]) {
          assert.deepStrictEqual(complaints(route, yield* send(route, body)), [""])
        }
      }
    }))

  it.effect("refuses JSON that is no object", () =>
    Effect.gen(function*() {
      for (const route of posting) {
        for (const body of ["[]", "null", "7", `"${marker}"`, `["${marker}"]`, "true"]) {
          assert.include(complaints(route, yield* send(route, body)), "", `${route.name}: ${body}`)
        }
      }
    }))

  it.effect("refuses fields that it does not know", () =>
    Effect.gen(function*() {
      for (const route of posting) {
        const body = { ...asObject(Routes.needed(route)), [unknown]: marker }
        const expected = Option.isSome(route.body) ? unknown : ""
        assert.include(complaints(route, yield* send(route, body)), expected, route.name)
      }
    }))

  it.effect("refuses fields of a wrong type", () =>
    Effect.gen(function*() {
      assert.isAbove(withFields.length, 0)
      for (const { field, route } of withFields) {
        const paths = complaints(route, yield* send(route, { [field]: { [unknown]: [[marker]] } }))
        const told = paths.some((path) => path === field || path.startsWith(`${field}.`))
        assert.isTrue(told, `${route.name} does not tell of ${field}, but of ${paths.join()}`)
      }
    }))

  it.effect("refuses a body in which something is missing", () =>
    Effect.gen(function*() {
      for (const route of withBody) {
        const names = Object.keys(asObject(Routes.needed(route)))
        if (names.length === 0) continue
        for (const body of [undefined, {}]) {
          assert.includeMembers([...complaints(route, yield* send(route, body))], names, route.name)
        }
      }
    }))

  it.effect("refuses a body of another type, or a compressed one, or one that is too large", () =>
    Effect.gen(function*() {
      for (const route of posting) {
        const typed = { ...json, "content-type": "application/x-www-form-urlencoded" }
        failed(route, yield* send(route, `a=${marker}`, typed), 415, "unsupported")
        failed(route, yield* send(route, "{}", { ...json, "content-encoding": "gzip" }), 415, "unsupported")
        failed(route, yield* send(route, `"${marker.repeat(60_000)}"`), 413, "payload_too_large")
      }
    }))

  it.effect("knows nothing behind ids that are none", () =>
    Effect.gen(function*() {
      const ids = [
        "none",
        marker,
        "0",
        "-1",
        "019ab1f0-0000-7000-8000-00000000000g",
        "%27%20OR%201=1",
        "a".repeat(1_000)
      ]
      for (const route of Routes.guarded.filter(({ template }) => template.includes("{"))) {
        for (const id of ids) {
          const path = Routes.withIds(route.template, id)
          failed(route, yield* send({ ...route, path }, Routes.needed(route)), 404, "not_found")
        }
        failed(route, yield* send(route, Routes.needed(route)), 404, "not_found")
      }
    }))

  it.effect("refuses parameters with values that they cannot have", () =>
    Effect.gen(function*() {
      assert.isAbove(withParams.length, 0)
      for (const { param, route } of withParams) {
        const values = [marker.repeat(200), `${marker}&${param}=${marker}`]
        if (param === "limit") values.push("", "0", "-1", "1.5", "201", "1e1000", "ten")
        for (const value of values) {
          const asked = { ...route, path: `${route.path}?${param}=${value}` }
          const paths = complaints(route, yield* send(asked, Routes.needed(route)))
          assert.isTrue(paths.some((path) => path === param || path.startsWith(`${param}.`)), `${route.name} ${param}`)
        }
      }
    }))

  it.effect("refuses parameters that it does not know", () =>
    Effect.gen(function*() {
      for (const route of Routes.guarded) {
        for (const param of [unknown, "__proto__", "Limit", "status[]"]) {
          const asked = { ...route, path: `${route.path}?${param}=${marker}` }
          assert.deepStrictEqual(complaints(route, yield* send(asked, Routes.needed(route))), [param], route.name)
        }
      }
    }))
})

const asObject = (value: unknown): object => Predicate.isObject(value) ? value : {}
