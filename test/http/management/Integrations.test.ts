import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { CreatedIntegration, IntegrationView } from "../../../src/http/management/IntegrationsApi.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const decodeCreated = Schema.decodeUnknown(CreatedIntegration, { onExcessProperty: "error" })
const decodeView = Schema.decodeUnknown(IntegrationView, { onExcessProperty: "error" })

const input = (slug: string) => ({ slug, name: "Shop", provider: "hmac", secrets: ["first-secret-abcd", "second"] })

const create = Effect.fnUntraced(function*(fields: Record<string, unknown>) {
  const { manage } = yield* Gateway.Gateway
  const answer = yield* manage("/integrations", fields)
  assert.strictEqual(answer.status, 201, answer.text)
  return yield* Effect.orDie(decodeCreated(answer.json))
})

const get = Effect.fnUntraced(function*(reference: string) {
  const { manage } = yield* Gateway.Gateway
  const answer = yield* manage(`/integrations/${reference}`)
  assert.strictEqual(answer.status, 200, answer.text)
  return yield* Effect.orDie(decodeView(answer.json))
})

layer(Api.onTwins(), Api.live)("an integration", (it) => {
  it.effect("is made with what was said of it, its webhook URL, and hints of its secrets", () =>
    Effect.gen(function*() {
      const { base } = yield* Gateway.Gateway
      const made = yield* create({
        ...input("full"),
        name: "  Shop  ",
        options: { header: "X-Sign", algorithm: "sha512", encoding: "base64", prefix: "v=" },
        rateLimitPerMinute: 12,
        dedupe: { jsonPath: "$.id" },
        eventType: { header: "X-Topic" },
        response: { status: 200, body: "ok", contentType: "text/plain" }
      })
      assert.deepInclude(made, {
        slug: "full",
        name: "Shop",
        provider: "hmac",
        status: "active",
        rateLimitPerMinute: 12,
        webhookUrl: `${base}/api/v1/webhooks/full`,
        options: { header: "x-sign", algorithm: "sha512", encoding: "base64", prefix: "v=" },
        response: { status: 200, body: "ok", contentType: "text/plain" },
        destinations: []
      })
      assert.deepStrictEqual(made.secrets.map((_) => [_.hint, _.validUntil]), [["…abcd", null], ["…", null]])
      assert.strictEqual(yield* Gateway.audited("integration.created", made.id), 1)
    }))

  it.effect("shows its first destination's signing secret when it is made, and never again", () =>
    Effect.gen(function*() {
      const made = yield* create({ ...input("once"), callbackUrl: "http://127.0.0.1:9/hook" })
      const [destination] = made.destinations
      assert.match(destination?.signingSecret ?? "", /^whsec_[A-Za-z0-9+/]{32}$/)
      assert.strictEqual(destination?.url, "http://127.0.0.1:9/hook")
      const later = yield* get("once")
      assert.deepStrictEqual(later.destinations.map((_) => _.id), made.destinations.map((_) => _.id))
      const { manage } = yield* Gateway.Gateway
      const shown = yield* Effect.forEach(
        ["/integrations", "/integrations/once", "/integrations/once/destinations", `/destinations/${destination?.id}`],
        (path) => manage(path)
      )
      assert.notInclude(shown.map((_) => _.text).join(), destination?.signingSecret ?? "none")
    }))

  it.effect("has the gateway's limit when it has none of its own, and none when it says so", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* create(input("default-limit"))).rateLimitPerMinute, 6_000)
      assert.strictEqual((yield* create({ ...input("no-limit"), rateLimitPerMinute: null })).rateLimitPerMinute, null)
      const { manage } = yield* Gateway.Gateway
      for (const [limit, shown] of [[60, 60], ["default", 6_000], [null, null], ["default", 6_000]]) {
        yield* manage("/integrations/no-limit", { rateLimitPerMinute: limit }, "PATCH")
        assert.strictEqual((yield* get("no-limit")).rateLimitPerMinute, shown)
      }
    }))

  it.effect("is found by id and by slug, and stands first among those made before it", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id } = yield* create(input("found"))
      assert.strictEqual((yield* get("found")).id, id)
      assert.strictEqual((yield* get(id)).slug, "found")
      const { json } = yield* manage("/integrations?limit=1")
      assert.nestedPropertyVal(json, "data[0].id", id)
    }))

  it.effect("whose slug is taken is refused with 409, and changes nothing of the one that has it", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const first = yield* create(input("taken"))
      yield* create(input("other"))
      Api.failed(yield* manage("/integrations", { ...input("taken"), name: "Another" }), 409, "conflict")
      Api.failed(yield* manage("/integrations/other", { slug: "taken" }, "PATCH"), 409, "conflict")
      assert.deepInclude(yield* get("taken"), { id: first.id, name: "Shop" })
    }))

  it.effect("that cannot be made whole is not made at all", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const refused = yield* manage("/integrations", { ...input("half"), callbackUrl: "http://10.0.0.1/" })
      assert.deepStrictEqual(Api.complaints(refused), ["callbackUrl"])
      Api.failed(yield* manage("/integrations/half"), 404, "not_found")
    }))

  it.effect("is changed in what is given, null takes away, and the rest stays", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const response = { status: 200, body: "ok", contentType: "text/plain" }
      const made = yield* create({ ...input("changed"), dedupe: { header: "x-id" }, response })
      const patched = yield* manage(
        "/integrations/changed",
        { name: "New", response: null, rateLimitPerMinute: 7 },
        "PATCH"
      )
      assert.strictEqual(patched.status, 200)
      const now = yield* get("changed")
      assert.deepInclude(now, { id: made.id, name: "New", response: null, rateLimitPerMinute: 7, status: "active" })
      assert.deepStrictEqual(now.dedupe, { header: "x-id" })
      assert.deepStrictEqual(now.secrets, made.secrets)
      assert.strictEqual((yield* manage("/integrations/changed", {}, "PATCH")).status, 200)
      assert.deepInclude(yield* get("changed"), { name: "New", rateLimitPerMinute: 7 })
      assert.isAtLeast(yield* Gateway.audited("integration.updated", made.id), 1)
    }))

  it.effect("takes webhooks under its new slug at once, and no more under the old one", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const { send } = yield* Gateway.integration("old-name", "http://127.0.0.1:9/hook")
      assert.strictEqual((yield* send("one")).status, 202)
      yield* manage("/integrations/old-name", { slug: "new-name" }, "PATCH")
      Api.failed(yield* send("two"), 404, "not_found")
      const answer = yield* call("/api/v1/webhooks/new-name", Api.webhook("{}"))
      assert.strictEqual(answer.status, 202)
    }))

  it.effect("answers and names events as it was told last", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* Gateway.integration("retold", "http://127.0.0.1:9/hook")
      yield* manage("/integrations/retold", {
        dedupe: { jsonPath: "$.key" },
        eventType: { jsonPath: "$.kind" },
        response: { status: 200, body: "thanks", contentType: "text/plain" }
      }, "PATCH")
      const answer = yield* call("/api/v1/webhooks/retold", Api.webhook("{\"key\":\"k1\",\"kind\":\"a.b\"}"))
      assert.strictEqual(answer.text, "thanks")
      const { data } = yield* Api.events("integration=retold")
      assert.deepStrictEqual(data.map((_) => [_.dedupeKey, _.providerEventId, _.type]), [["k1", "k1", "a.b"]])
    }))

  it.effect("once deleted is nowhere to be found, but its events are", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations, id, send } = yield* Gateway.integration("removed", "http://127.0.0.1:9/hook")
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      const removed = yield* manage("/integrations/removed", undefined, "DELETE")
      assert.strictEqual(removed.status, 200)
      assert.deepStrictEqual(removed.json, { id, waiting: { deliveries: 1, atLeast: false, fate: "cancelled" } })
      const gone = [`/integrations/${id}`, "/integrations/removed", `/destinations/${destinations[0]?.id}`]
      for (const path of gone) Api.failed(yield* manage(path), 404, "not_found")
      Api.failed(yield* manage(`/integrations/${id}`, undefined, "DELETE"), 404, "not_found")
      Api.failed(yield* manage(`/integrations/${id}`, { name: "x" }, "PATCH"), 404, "not_found")
      Api.failed(yield* manage(`/integrations/${id}/destinations`, { url: "http://127.0.0.1:9/" }), 404, "not_found")
      assert.notInclude((yield* manage("/integrations?limit=200")).text, id)
      assert.strictEqual((yield* Gateway.event(eventId)).integrationSlug, "removed")
      assert.strictEqual(yield* Gateway.audited("integration.deleted", id), 1)
    }))

  it.effect("that nobody made is answered with 404 by every route", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      for (
        const id of ["019ab1f0-0000-7000-8000-000000000000", "nobody", "NOT-A-SLUG", "a".repeat(300), "%F0%9F%98%80"]
      ) {
        const answers = yield* Effect.all([
          manage(`/integrations/${id}`),
          manage(`/integrations/${id}`, { name: "x" }, "PATCH"),
          manage(`/integrations/${id}`, undefined, "DELETE"),
          manage(`/integrations/${id}/destinations`),
          manage(`/integrations/${id}/destinations`, { url: "http://127.0.0.1:9/" })
        ])
        for (const answer of answers) Api.failed(answer, 404, "not_found")
      }
    }))
})
