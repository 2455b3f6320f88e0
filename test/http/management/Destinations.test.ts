import { assert, layer } from "@effect/vitest"
import { Array, Effect, Schema } from "effect"
import { ChangedDestination, CreatedDestination } from "../../../src/http/management/IntegrationsApi.ts"
import * as Callback from "../../support/Callback.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import { onTwins } from "../../support/Gateways.ts"
import * as Api from "../Api.ts"

const url = "http://127.0.0.1:9/hook"
const decodeCreated = Schema.decodeUnknown(CreatedDestination, { onExcessProperty: "error" })
const decode = Schema.decodeUnknown(ChangedDestination, { onExcessProperty: "error" })

const destinationOf = (answer: Gateway.Answer) => {
  assert.strictEqual(answer.status, 200, answer.text)
  return Effect.orDie(decode(answer.json))
}

layer(Api.onTwins(), Api.live)("a destination", (it) => {
  it.effect("is made with its filter and policy, and tells its signing secret then only", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations, id } = yield* Gateway.integration("made", url)
      const filter = { types: ["a.*"], rules: [{ path: "$.n", op: "in", value: [1, "b", null] }] }
      const answer = yield* manage(`/integrations/${id}/destinations`, {
        url: `${url}?x=1`,
        filter,
        retryPolicy: { maxRetries: 3, baseDelayMs: 1_000, maxDelayMs: 9_000 },
        signatureNames: "sluice",
        concurrency: 2
      })
      assert.strictEqual(answer.status, 201, answer.text)
      const made = yield* Effect.orDie(decodeCreated(answer.json))
      assert.match(made.signingSecret, /^whsec_[A-Za-z0-9+/]{32}$/)
      assert.notStrictEqual(made.signingSecret, destinations[0]?.signingSecret)
      const shown = yield* manage(`/destinations/${made.id}`)
      assert.deepInclude(shown.json, {
        id: made.id,
        integrationId: id,
        url: `${url}?x=1`,
        status: "active",
        filter,
        retryPolicy: { maxRetries: 3, baseDelayMs: 1_000, maxDelayMs: 9_000 },
        signatureNames: "sluice",
        concurrency: 2,
        rateLimitPerMinute: null
      })
      const list = yield* manage("/integrations/made/destinations")
      assert.deepInclude(list.json, {
        data: [(yield* manage(`/destinations/${destinations[0]?.id}`)).json, shown.json]
      })
      for (const { text } of [shown, list]) assert.notInclude(text, made.signingSecret)
      assert.strictEqual(yield* Gateway.audited("destination.created", made.id), 1)
    }))

  it.effect("of a provider that signs under the standard names gets other names by default", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const standard = { provider: "standard-webhooks", secrets: ["whsec_c2VjcmV0IHNlY3JldA=="], dedupe: undefined }
      const { destinations } = yield* Gateway.integration("standard", url, standard)
      const { json } = yield* manage(`/destinations/${destinations[0]?.id}`)
      assert.propertyVal(json, "signatureNames", "sluice")
    }))

  it.effect("is refused with 409 beside a hundred others", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations: [first], id } = yield* Gateway.integration("many", url)
      const add = manage(`/integrations/${id}/destinations`, { url })
      const made = yield* Effect.replicateEffect(add, 99)
      assert.deepStrictEqual([...new Set(made.map((_) => _.status))], [201])
      Api.failed(yield* add, 409, "conflict")
      yield* manage(`/destinations/${first?.id}`, undefined, "DELETE")
      assert.strictEqual((yield* add).status, 201)
    }))

  it.effect("is changed in what is given, and the rest stays", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id } = yield* Gateway.integration("patched", url)
      const { json } = yield* manage(`/integrations/${id}/destinations`, { url, filter: { types: ["a"] } })
      const made = yield* Effect.orDie(decodeCreated(json))
      const patch = (fields: unknown) =>
        Effect.flatMap(manage(`/destinations/${made.id}`, fields, "PATCH"), destinationOf)
      const moved = yield* patch({ url: "http://127.0.0.1:10/" })
      assert.deepStrictEqual([moved.url, moved.filter, moved.status], [
        "http://127.0.0.1:10/",
        { types: ["a"] },
        "active"
      ])
      assert.deepInclude(yield* patch({ concurrency: 4, rateLimitPerMinute: 60 }), {
        concurrency: 4,
        rateLimitPerMinute: 60,
        breaker: "closed"
      })
      assert.deepInclude(yield* patch({ concurrency: null }), { concurrency: null, rateLimitPerMinute: 60 })
      assert.deepStrictEqual((yield* patch({ filter: {} })).filter, {})
      assert.strictEqual((yield* patch({ status: "disabled" })).status, "disabled")
      assert.strictEqual((yield* patch({ status: "active" })).status, "active")
      assert.strictEqual((yield* patch({})).url, "http://127.0.0.1:10/")
      assert.isAtLeast(yield* Gateway.audited("destination.updated", made.id), 3)
    }))

  it.effect("is not changed to an address that callbacks may not reach", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations } = yield* Gateway.integration("kept", url)
      const path = `/destinations/${destinations[0]?.id}`
      for (const forbidden of ["http://10.0.0.1/", "http://169.254.169.254/", "http://[fd00::1]/", "ftp://a/", "a"]) {
        assert.deepStrictEqual(Api.complaints(yield* manage(path, { url: forbidden }, "PATCH")), ["url"], forbidden)
      }
      assert.propertyVal((yield* manage(path)).json, "url", url)
    }))

  it.effect("once deleted is nowhere to be found, and its integration has it no more", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations } = yield* Gateway.integration("dropped", url)
      const path = `/destinations/${destinations[0]?.id}`
      assert.strictEqual((yield* manage(path, undefined, "DELETE")).status, 200)
      for (
        const [more, body, method] of [["", undefined, "GET"], ["", { url }, "PATCH"], ["", undefined, "DELETE"], [
          "/pause",
          {},
          "POST"
        ], ["/resume", {}, "POST"]] as const
      ) {
        Api.failed(yield* manage(path + more, body, method), 404, "not_found")
      }
      assert.deepInclude((yield* manage("/integrations/dropped/destinations")).json, { data: [] })
      assert.strictEqual(yield* Gateway.audited("destination.deleted", destinations[0]?.id ?? ""), 1)
    }))

  it.effect("that nobody made is answered with 404 by every route", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      for (const id of ["019ab1f0-0000-7000-8000-000000000000", "no-id", "a".repeat(300), "%20"]) {
        const answers = yield* Effect.all([
          manage(`/destinations/${id}`),
          manage(`/destinations/${id}`, { url }, "PATCH"),
          manage(`/destinations/${id}`, undefined, "DELETE"),
          manage(`/destinations/${id}/pause`, {}),
          manage(`/destinations/${id}/resume`, undefined, "POST")
        ])
        for (const answer of answers) Api.failed(answer, 404, "not_found")
      }
    }))
})

layer(onTwins(), Api.live)("a destination that is paused", (it) => {
  it.scoped("gets nothing until it is resumed, and then everything", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      const other = yield* Callback.make
      const { destinations, id, send } = yield* Gateway.integration("pausing", callback.url)
      yield* manage(`/integrations/${id}/destinations`, { url: other.url })
      const path = `/destinations/${destinations[0]?.id}`
      const paused = yield* destinationOf(yield* manage(`${path}/pause`, undefined, "POST"))
      assert.strictEqual(paused.status, "paused")

      const ids = Array.makeBy(20, (index) => `event-${index}`)
      yield* Effect.forEach(ids, (id) => send(id), { concurrency: 5 })
      yield* other.awaitReceived(20)
      const held = yield* Api.deliveries(`status=held&destinationId=${destinations[0]?.id}`)
      assert.strictEqual(held.data.length, 20)
      assert.strictEqual(callback.received.length, 0)

      assert.strictEqual((yield* destinationOf(yield* manage(`${path}/resume`, {}))).status, "active")
      const got = yield* callback.awaitReceived(20)
      assert.sameMembers(got.map((_) => String(_.headers["x-id"])), ids)
      const delivered = Api.deliveries(`status=delivered&destinationId=${destinations[0]?.id}`)
      yield* eventually(delivered, (_) => _.data.length === 20)
      assert.strictEqual((yield* Api.deliveries("status=held")).data.length, 0)
      assert.strictEqual(yield* Gateway.audited("destination.paused", destinations[0]?.id ?? ""), 1)
    }))

  it.scoped("and then deleted has its deliveries cancelled", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      const { destinations, send } = yield* Gateway.integration("pausing-deleted", callback.url)
      yield* manage(`/destinations/${destinations[0]?.id}/pause`, {})
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      yield* manage(`/destinations/${destinations[0]?.id}`, undefined, "DELETE")
      const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "failed")
      assert.deepStrictEqual(event.deliveries.map((_) => _.status), ["cancelled"])
      assert.strictEqual(callback.received.length, 0)
    }))
})
