import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Api from "../Api.ts"

const integration = { slug: "valid", name: "Valid", provider: "hmac", secrets: ["a-secret"] }
const headers = { authorization: `Bearer ${managementKey}`, "content-type": "application/json" }

/** What is wrong with an integration, and the paths that are told. */
const integrations: ReadonlyArray<readonly [changes: Readonly<Record<string, unknown>>, paths: ReadonlyArray<string>]> =
  [
    [{ slug: undefined }, ["slug"]],
    [{ slug: undefined, name: undefined, provider: undefined, secrets: undefined }, [
      "slug",
      "name",
      "provider"
    ]],
    [{ slug: 7 }, ["slug"]],
    ...[
      "",
      "-a",
      "a-",
      "A",
      "a b",
      "a/b",
      "a_b",
      "\u00e9",
      "a".repeat(65),
      "019ab1f0-0000-7000-8000-000000000000",
      "../x"
    ].map(
      (slug) => [{ slug }, ["slug"]] as const
    ),
    [{ name: "" }, ["name"]],
    [{ name: "   " }, ["name"]],
    [{ name: "x".repeat(201) }, ["name"]],
    [{ provider: "nobody" }, ["provider"]],
    [{ provider: "constructor" }, ["provider"]],
    [{ secrets: "a-secret" }, ["secrets"]],
    [{ secrets: [] }, ["secrets"]],
    [{ secrets: undefined }, ["secrets"]],
    [{ secrets: [""] }, ["secrets.0"]],
    [{ secrets: ["fine", 1] }, ["secrets.1"]],
    [{ secrets: ["fine", " spaced "] }, ["secrets.1"]],
    [{ secrets: ["x".repeat(1_001)] }, ["secrets.0"]],
    [{ secrets: Array.from({ length: 11 }, (_, index) => `secret-${index}`) }, ["secrets"]],
    [{ provider: "standard-webhooks", secrets: ["not base64!"] }, ["secrets.0"]],
    [{ provider: "github", options: { header: "x-a", prefix: "v1=" } }, ["options.header", "options.prefix"]],
    [{ provider: "stripe", secrets: ["sk_live_not-a-signing-secret"] }, ["secrets.0"]],
    [{ options: { algorithm: "md5" } }, ["options.algorithm"]],
    [{ options: { header: "not a header" } }, ["options.header"]],
    [{ options: { unknown: 1 } }, ["options.unknown"]],
    [{ unknown: 1, another: 2 }, ["unknown", "another"]],
    [{ id: "019ab1f0-0000-7000-8000-000000000000" }, ["id"]],
    [{ rateLimitPerMinute: 0 }, ["rateLimitPerMinute"]],
    [{ rateLimitPerMinute: -1 }, ["rateLimitPerMinute"]],
    [{ rateLimitPerMinute: 1.5 }, ["rateLimitPerMinute"]],
    [{ rateLimitPerMinute: "60" }, ["rateLimitPerMinute"]],
    [{ rateLimitPerMinute: 1e9 }, ["rateLimitPerMinute"]],
    [{ verifyToken: "chosen" }, ["verifyToken"]],
    [{ response: { status: 302, body: "", contentType: "text/plain" } }, ["response.status"]],
    [{ response: { status: 200, body: "" } }, ["response.contentType"]],
    [{ response: { status: 200, body: "", contentType: "a\r\nset-cookie: b" } }, ["response.contentType"]],
    [{ response: { status: 200, body: "x".repeat(4_097), contentType: "text/plain" } }, ["response.body"]],
    ...[
      "",
      "not a URL",
      "/hook",
      "ftp://a.example/",
      "javascript:alert(1)",
      "http://user:pass@127.0.0.1/",
      "http://127.0.0.1:99999/"
    ]
      .map((callbackUrl) => [{ callbackUrl }, ["callbackUrl"]] as const),
    ...[
      "10.0.0.1",
      "192.168.1.1",
      "172.16.0.1",
      "100.64.0.1",
      "169.254.169.254",
      "0.0.0.0",
      "[fe80::1]",
      "[fd00::1]",
      "[::ffff:10.0.0.1]",
      "167772161",
      "0x0a000001"
    ]
      .map((host) => [{ callbackUrl: `http://${host}/hook` }, ["callbackUrl"]] as const),
    [{ callbackUrl: `http://127.0.0.1/${"x".repeat(2_000)}` }, ["callbackUrl"]]
  ]

const destinations: typeof integrations = [
  [{ url: undefined }, ["url"]],
  [{ url: "http://10.0.0.1/" }, ["url"]],
  [{ filter: { types: "a" } }, ["filter.types"]],
  [{ filter: { types: [""] } }, ["filter.types.0"]],
  [{ filter: { unknown: [] } }, ["filter.unknown"]],
  [{ filter: { types: [] } }, ["filter.types"]],
  [{ filter: { rules: [{ path: "$.a", op: "in", value: [] }] } }, ["filter.rules.0.value"]],
  [{ retryPolicy: { baseDelayMs: 60_000, maxDelayMs: 5_000 } }, ["retryPolicy.maxDelayMs"]],
  // The gateway's own longest is 800 ms here, and its own first 50.
  [{ retryPolicy: { baseDelayMs: 1_000 } }, ["retryPolicy.baseDelayMs"]],
  [{ retryPolicy: { maxDelayMs: 49 } }, ["retryPolicy.maxDelayMs"]],
  [{ retryPolicy: { maxRetries: 101 } }, ["retryPolicy.maxRetries"]],
  [{ retryPolicy: { maxRetries: -1, factor: 0.5 } }, ["retryPolicy.maxRetries", "retryPolicy.factor"]],
  [{ retryPolicy: { unknown: 1 } }, ["retryPolicy.unknown"]],
  [{ signatureNames: "mine" }, ["signatureNames"]],
  [{ status: "paused" }, ["status"]]
]

layer(Api.onTwins(), Api.live)("what is sent to the management API", (it) => {
  it.effect("is refused with the path of everything that is wrong with an integration", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      for (const [changes, paths] of integrations) {
        const answer = yield* manage("/integrations", { ...integration, ...changes })
        assert.sameMembers([...Api.complaints(answer)], [...paths], JSON.stringify(changes))
      }
      Api.failed(yield* manage("/integrations/valid"), 404, "not_found")
    }))

  it.effect("is refused with the path of everything that is wrong with a destination, new or changed", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const url = "http://127.0.0.1:9/hook"
      const { destinations: [made] } = yield* Gateway.integration("destinations", url)
      for (const [changes, paths] of destinations) {
        const created = yield* manage("/integrations/destinations/destinations", { url, ...changes })
        assert.sameMembers([...Api.complaints(created)], [...paths], JSON.stringify(changes))
        if (JSON.stringify(changes) === "{}") continue
        const patched = yield* manage(`/destinations/${made?.id}`, changes, "PATCH")
        assert.sameMembers([...Api.complaints(patched)], [...paths], JSON.stringify(changes))
      }
      const rule = { path: "not a path", op: "eq", value: 1 }
      const refused = yield* manage("/integrations/destinations/destinations", { url, filter: { rules: [rule] } })
      assert.include(Api.complaints(refused), "filter.rules.0.path")
      const { json } = yield* manage("/integrations/destinations/destinations")
      assert.nestedPropertyVal(json, "data.length", 1)
    }))

  it.effect("is refused with the path of what is wrong with a change of an integration", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      yield* Gateway.integration("patching", "http://127.0.0.1:9/hook")
      const patches = [
        { slug: "A" },
        { status: "paused" },
        { secrets: ["new"] },
        { provider: "token" },
        {
          callbackUrl: "x"
        },
        { id: 1 },
        { verifyToken: "chosen" }
      ]
      for (const patch of patches) {
        assert.deepStrictEqual(
          Api.complaints(yield* manage("/integrations/patching", patch, "PATCH")),
          Object.keys(patch)
        )
      }
    }))

  it.effect("is refused with all that it could have been, told once", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const problems = Effect.fnUntraced(function*(path: string, body?: unknown) {
        const { details = [] } = Api.failed(yield* manage(path, body), 400, "validation_failed")
        return details
      })
      const wrong = [
        ["limit", "ten", "Expected a number"],
        ["status", "dead", "Expected \"pending\" or \"delivering\" or \"delivered\" or \"failed\" or \"unrouted\""],
        ["from", "yesterday", "Expected a time such as 2026-01-31T12:00:00Z"]
      ] as const
      for (const [path, value, problem] of wrong) {
        assert.deepStrictEqual(yield* problems(`/events?${path}=${value}`), [{ path, problem }])
      }
      const [provider, ...others] = yield* problems("/integrations", { ...integration, provider: "strip" })
      assert.deepStrictEqual([provider?.path, others], ["provider", []])
      assert.include(provider?.problem, "\"stripe\" or \"github\"")
    }))

  it.effect("is refused where it asks for a time that ends before it begins", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const [from, to] = ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"]
      for (const list of ["events", "dead-letters", "rejections", "audit-entries"]) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/${list}?from=${from}&to=${to}`)), ["to"], list)
        for (const end of [from, to]) {
          assert.strictEqual((yield* manage(`/${list}?from=${to}&to=${end}`)).status, 200, list)
        }
      }
      for (const path of ["/replays", "/dead-letters/replay"]) {
        const answer = yield* manage(path, { filter: { from, to }, reason: "a test" })
        assert.deepStrictEqual(Api.complaints(answer), ["filter.to"], path)
      }
    }))

  it.effect("is refused when it is no JSON object", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const bodies = [
        "{",
        "{\"slug\":}",
        "slug=valid",
        "[]",
        "null",
        "7",
        "\"text\"",
        "\ufeff\ufeff{}",
        "{} {}",
        "'{}'"
      ]
      for (const body of bodies) {
        assert.deepStrictEqual(Api.complaints(yield* call("/api/v1/integrations", { body, headers })), [""], body)
      }
      const invalidUtf8 = Uint8Array.of(0x7b, 0xff, 0x7d)
      Api.failed(yield* call("/api/v1/integrations", { body: invalidUtf8, headers }), 400, "validation_failed")
      const nothing = yield* call("/api/v1/integrations", { method: "POST", headers })
      assert.sameMembers([...Api.complaints(nothing)], ["slug", "name", "provider"])
    }))

  it.effect("is refused when it holds what PostgreSQL keeps in no text, wherever that stands", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      yield* Gateway.integration("unfit", "http://127.0.0.1:9/hook")
      const response = (body: string) => ({ response: { status: 200, body, contentType: "text/plain" } })
      for (const unfit of ["a\0b", "\ud800", "\udc00\ud800"]) {
        const filter = { rules: [{ path: "$.a", op: "in", value: [unfit] }] }
        const answers = yield* Effect.all([
          manage("/integrations", { ...integration, name: unfit }),
          manage("/integrations", { ...integration, [unfit]: 1 }),
          manage("/integrations", { ...integration, ...response(unfit) }),
          manage("/integrations/unfit", response(unfit), "PATCH"),
          manage("/integrations/unfit/destinations", { url: "http://127.0.0.1:9/", filter })
        ])
        for (const answer of answers) Api.failed(answer, 400, "validation_failed")
      }
      for (const path of ["/events/%00", "/events?type=%00", "/events?%00=a", "/integrations/a%00"]) {
        Api.failed(yield* manage(path), 400, "validation_failed")
      }
    }))

  it.effect("is taken with every other character, and with what only looks like one of those", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const name = "\u0001 \\u0000 \\ud800 \ufffd \ufffe \ud83d\ude00 \u202e \u00fc\""
      const { json } = yield* manage("/integrations", { ...integration, slug: "odd", name })
      assert.propertyVal(json, "name", name)
      assert.propertyVal((yield* manage("/integrations/odd")).json, "name", name)
    }))

  it.effect("is refused when it is nested so deeply that reading it would end the stack", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const body = `{"slug":${"[".repeat(200_000)}${"]".repeat(200_000)}}`
      assert.deepStrictEqual(Api.complaints(yield* call("/api/v1/integrations", { body, headers })), [""])
      const objects = `{"name":${"{\"a\":".repeat(100_000)}1${"}".repeat(100_000)}}`
      assert.deepStrictEqual(Api.complaints(yield* call("/api/v1/integrations", { body: objects, headers })), [""])
    }))
})
