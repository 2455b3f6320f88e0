import { FastCheck } from "effect"
import { bytes, type Sent } from "../Connection.ts"
import * as Json from "./Json.ts"
import * as Targets from "./Targets.ts"
import * as Texts from "./Texts.ts"

export interface Route {
  readonly method: string
  /** With `{id}` where an id stands. */
  readonly template: string
}

const nowhere = "http://127.0.0.1:9/hook"

const nobody = "019ab1f0-0000-7000-8000-000000000000"

const rule = { path: "$.a.b[0]['c']", op: "gt", value: 1 }
const destination = {
  url: nowhere,
  filter: { types: ["a.*"], rules: [rule] },
  retryPolicy: { maxRetries: 3, baseDelayMs: 1_000, factor: 2, maxDelayMs: 10_000 },
  signatureNames: "sluice"
}
const slug = "\"slug\":\"hostile\""
const integration = {
  slug: "hostile",
  name: "Hostile",
  provider: "hmac",
  secrets: ["a-secret-of-somebody"],
  callbackUrl: nowhere,
  options: { header: "x-signature", algorithm: "sha256" },
  rateLimitPerMinute: 60,
  dedupe: { header: "x-id" },
  eventType: { jsonPath: "$.type" },
  response: { status: 200, body: "ok", contentType: "text/plain" }
}
const trial = {
  method: "POST",
  url: "https://hooks.example/api/v1/webhooks/hostile?a=b",
  headers: { "x-signature": "00", "x-many": ["a", "b"] },
  bodyBase64: "e30=",
  receivedAt: "2026-11-26T10:00:00Z"
}
const { callbackUrl: _url, options: _options, provider: _provider, secrets: _secrets, ...patch } = integration

const far = "2999-01-01T00:00:00Z"
const secret = { secret: "another-secret", validFrom: "2001-01-01T00:00:00Z", validUntil: far, expireOthersAt: far }

/** Destinations that compare with anything. */
const comparing = FastCheck.tuple(
  FastCheck.constantFrom("eq", "ne", "gt", "lte", "in", "exists", "matches"),
  FastCheck.oneof(Texts.number, Texts.number, Json.anything, Json.near(["a"]), Json.near([1]))
).map(([op, value]) =>
  Buffer.from(`{"url":"${nowhere}","filter":{"rules":[{"path":"$.a['b']","op":"${op}","value":${value}}]}}`)
)

/** Bodies that are nearly right for a route, so that what is wrong in them gets as far as it can. */
const bodyFor = ({ method, template }: Route): FastCheck.Arbitrary<Uint8Array> => {
  if (template.endsWith("/verify")) return Json.body(trial)
  if (template.endsWith("/replay")) return Json.body({ reason: "again", destinationId: nobody })
  if (template.endsWith("/signing-secrets")) return Json.body({ overlapSeconds: 60 })
  if (template.includes("/secrets")) return Json.body(method === "PATCH" ? { validUntil: far } : secret)
  if (template.includes("/destinations")) return FastCheck.oneof(Json.body(destination), comparing)
  return Json.body(method === "PATCH" ? patch : integration)
}

const types = FastCheck.oneof(
  { arbitrary: FastCheck.constantFrom("application/json", "application/json; charset=utf-8"), weight: 30 },
  {
    arbitrary: FastCheck.constantFrom(
      "application/json; charset=utf-16",
      "application/json; charset=\"x",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=a",
      "multipart/form-data",
      "text/plain",
      "text/xml",
      "application/octet-stream",
      "application/cbor",
      "",
      ";;;"
    ),
    weight: 1
  }
)

const codings = FastCheck.oneof(
  { arbitrary: FastCheck.constant(""), weight: 30 },
  { arbitrary: FastCheck.constantFrom("gzip", "deflate", "br", "gzip, gzip", "x", "identity"), weight: 1 }
)

const forged = FastCheck.oneof(Texts.id, Texts.text).map((text) => Buffer.from(text).toString("base64url"))

/** Parameters with values that nearly fit them. */
const parameter = FastCheck.oneof(
  FastCheck.tuple(FastCheck.constantFrom("from", "to"), Texts.time.map(encodeURIComponent)),
  FastCheck.tuple(FastCheck.constant("limit"), Targets.escaped(Texts.number)),
  FastCheck.tuple(FastCheck.constant("cursor"), FastCheck.oneof(forged, Targets.escaped(Texts.text))),
  FastCheck.tuple(FastCheck.constantFrom("integration", "destinationId"), Targets.escaped(Texts.id)),
  FastCheck.tuple(
    FastCheck.constantFrom("type", "dedupeKey", "status", "reason", "integration", "__proto__", "constructor", "x"),
    Targets.escaped(Texts.text)
  )
)

const query = FastCheck.array(parameter, { maxLength: 2 }).map((pairs) =>
  pairs.map(([name, value]) => `${name}=${value.slice(0, 4_000)}`).join("&")
)

/** What has ids. */
export const names = ["integration", "destination", "event", "delivery", "rejection"]

export interface Call extends Route {
  /** The name of something real, or an id that leads nowhere. */
  readonly id: string
  readonly query: string
  readonly body: Uint8Array
  readonly type: string
  readonly coding: string
}

/** Calls of the routes by somebody who has the key and means no good. `real` are names of what there is. */
export const call = (routes: ReadonlyArray<Route>, real: ReadonlyArray<string>): FastCheck.Arbitrary<Call> => {
  const hostile = Targets.escaped(
    FastCheck.oneof({ arbitrary: Texts.id, weight: 1 }, { arbitrary: Texts.text, weight: 2 })
  )
  return FastCheck.constantFrom(...routes).chain((route) => {
    const fitting = real.filter((_) => belongs(_, route))
    return FastCheck.record({
      method: FastCheck.constant(route.method),
      template: FastCheck.constant(route.template),
      // What is deleted is no target any more.
      id: route.method === "DELETE" || fitting.length === 0
        ? hostile
        : FastCheck.oneof(
          { arbitrary: FastCheck.constantFrom(...fitting), weight: 3 },
          { arbitrary: hostile, weight: 1 }
        ),
      query,
      body: bodyFor(route),
      type: types,
      coding: codings
    })
  })
}

// Such as a destination's id in a route of destinations.
const belongs = (name: string, { template }: Route): boolean =>
  !template.includes("{") ||
  (name === "delivery" ? "/deliveries/" : `/${name}s/`) === /\/\w+\/(?=\{)/.exec(template)?.[0]

/** A call as it goes over the wire. New integrations get the slug that is given, so that none fails for another's. */
export const written = (
  call: Call,
  given: {
    readonly key: string
    readonly slug: string
    readonly real: Readonly<Record<string, string>>
    /** Whether more comes on the same connection. */
    readonly more?: boolean
  }
): Sent => {
  const body = bytes(Buffer.from(call.body).toString("latin1").replaceAll(slug, `"slug":"${given.slug}"`))
  const path = call.template.replaceAll(/\{\w+\}/g, () => given.real[call.id] ?? call.id.slice(0, 9_000))
  const hasBody = call.method === "POST" || call.method === "PATCH"
  const head = [
    `${call.method} ${path}${call.query === "" ? "" : `?${call.query}`} HTTP/1.1`,
    "host: gateway",
    `connection: ${given.more === true ? "keep-alive" : "close"}`,
    `authorization: Bearer ${given.key}`,
    ...(hasBody ? [`content-type: ${call.type}`, `content-length: ${body.length}`] : []),
    ...(call.coding === "" ? [] : [`content-encoding: ${call.coding}`]),
    "",
    ""
  ]
  return { ends: false, pieces: [bytes(head.join("\r\n")), ...(hasBody && body.length > 0 ? [body] : [])] }
}
