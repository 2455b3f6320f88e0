import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { providers } from "../../../src/domain/providers/Providers.ts"
import { senders } from "../../../src/simulate/senders/Senders.ts"
import * as Callback from "../../support/Callback.ts"
import * as Gateway from "../../support/Gateway.ts"
import { onTwins } from "../../support/Gateways.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/"
const scheme = {
  proofs: [{ kind: "hmac", at: [{ header: "x-signature" }] }],
  only: "$.events",
  split: true,
  dedupe: [[{ item: "$.id" }]],
  type: [[{ item: "$.type" }]]
}

const custom = (changes: Record<string, unknown> = {}) => ({ provider: "custom", scheme, ...changes })

const bodyOf = (...ids: ReadonlyArray<string>) =>
  `{"from": "acme", "events": [${
    ids.map((id) => `{"id":"${id}", "type":"thing.made","big":12345678901234567890}`).join(", ")
  }]}`

const decode = Schema.decodeUnknown(Schema.Struct({
  eventId: Schema.String,
  status: Schema.String,
  events: Schema.Array(Schema.Struct({ eventId: Schema.String, duplicate: Schema.Boolean }))
}))

const send = Effect.fnUntraced(function*(slug: string, body: string) {
  const { call } = yield* Gateway.Gateway
  return yield* call(`/api/v1/webhooks/${slug}`, {
    body,
    headers: { "x-signature": Api.signature(body, Gateway.secret) }
  })
})

layer(onTwins(), Api.live)("a webhook that holds several events, of a scheme that splits", (it) => {
  it.scoped("becomes as many, each with its own name and the bytes that are its own", () =>
    Effect.gen(function*() {
      const callback = yield* Callback.make
      yield* Gateway.integration("split", callback.url, custom())
      const answer = yield* send("split", bodyOf("one", "two"))
      assert.strictEqual(answer.status, 202, answer.text)
      const { eventId, events } = yield* decode(answer.json)
      assert.deepStrictEqual(events.map((_) => _.duplicate), [false, false])
      assert.strictEqual(events[0]?.eventId, eventId)
      const stored = yield* Effect.forEach(events, (_) => Gateway.event(_.eventId))
      assert.deepStrictEqual(stored.map((_) => [_.dedupeKey, _.type]), [["one", "thing.made"], ["two", "thing.made"]])
      const received = yield* callback.awaitReceived(2)
      assert.deepStrictEqual(
        new Set(received.map((_) => _.body.toString())),
        new Set([bodyOf("one"), bodyOf("two")])
      )
    }))

  it.effect("is a copy once all that it holds are, and what is new in it is taken in", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("again", nowhere, custom())
      yield* send("again", bodyOf("one", "two", "two"))
      const more = yield* send("again", bodyOf("two", "three"))
      assert.strictEqual(more.status, 202)
      const { eventId, events, status } = yield* decode(more.json)
      assert.deepStrictEqual([status, ...events.map((_) => _.duplicate)], ["accepted", true, false])
      assert.strictEqual(eventId, events[1]?.eventId)
      const copy = yield* send("again", bodyOf("three", "one"))
      assert.deepStrictEqual([copy.status, (yield* decode(copy.json)).status], [200, "duplicate"])
      const { data } = yield* Api.events("integration=again")
      assert.deepStrictEqual(
        new Map(data.map((_) => [_.dedupeKey, _.duplicates])),
        new Map([["one", 1], ["two", 2], ["three", 1]])
      )
    }))

  it.effect("loses none to a key that is the whole webhook's", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("keyed", nowhere, custom({ dedupe: { header: "x-id" } }))
      const body = bodyOf("one", "two", "two")
      const headers = { "x-signature": Api.signature(body, Gateway.secret), "x-id": "whole" }
      const answer = yield* call("/api/v1/webhooks/keyed", { body, headers })
      const { events } = yield* decode(answer.json)
      assert.deepStrictEqual(events.map((_) => _.duplicate), [false, false, false])
      const copy = yield* decode((yield* call("/api/v1/webhooks/keyed", { body, headers })).json)
      assert.deepStrictEqual(copy.events.map((_) => _.duplicate), [true, true, true])
    }))

  it.effect("keeps equal events apart where nothing names them", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("nameless", nowhere, custom())
      const body = "{\"events\":[{\"type\":\"click\"},{\"type\":\"click\"}]}"
      const post = call("/api/v1/webhooks/nameless", {
        body,
        headers: { "x-signature": Api.signature(body, Gateway.secret) }
      })
      assert.deepStrictEqual((yield* decode((yield* post).json)).events.map((_) => _.duplicate), [false, false])
      assert.deepStrictEqual((yield* decode((yield* post).json)).events.map((_) => _.duplicate), [true, true])
    }))

  it.effect("counts once for the integration's limit", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("limited", nowhere, custom({ rateLimitPerMinute: 1 }))
      assert.strictEqual((yield* send("limited", bodyOf("one", "two", "three"))).status, 202)
      Api.failed(yield* send("limited", bodyOf("four", "five")), 429, "rate_limited")
    }))

  it.effect("stays whole where it holds one, or more than may be split", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("whole", nowhere, custom())
      const ids = Array.from({ length: 501 }, (_, index) => `event-${index}`)
      for (const body of [bodyOf("one"), bodyOf(...ids)]) {
        const answer = yield* send("whole", body)
        assert.strictEqual(answer.status, 202, answer.text)
        assert.notProperty(answer.json, "events")
      }
      const split = yield* decode((yield* send("whole", bodyOf(...ids.slice(1)))).json)
      assert.strictEqual(split.events.length, 500)
    }))

  it.effect("is proven as a whole before, be it by a signature in each of its elements", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { keys, sign, type } = yield* Effect.fromNullable(senders.find((_) => _.provider === "adyen"))
      const secrets = [keys.secretOf(keys.own)]
      yield* Gateway.integration("adyen", nowhere, { provider: "adyen", secrets, options: { split: true } })
      const notifications = (key: string, ...ids: ReadonlyArray<string>) =>
        ids.map((id) => sign(key, { id, type, at: 0, url: nowhere }).body.slice(listAt, -2)).join(",")
      const listAt = "{\"live\":\"false\",\"notificationItems\":[".length
      const post = (list: string) =>
        call("/api/v1/webhooks/adyen", { body: `{"live":"false","notificationItems":[${list}]}` })
      const forged = `${notifications(keys.own, "one")},${notifications(keys.other, "two")}`
      Api.failed(yield* post(forged), 401, "signature_invalid")
      const answer = yield* post(notifications(keys.own, "one", "two"))
      assert.strictEqual(answer.text, "[accepted]")
      const { data } = yield* Api.events("integration=adyen")
      assert.deepStrictEqual(
        new Set(data.map((_) => _.dedupeKey)),
        new Set([`one:${type}:true`, `two:${type}:true`])
      )
    }))

  it.effect("is split by a provider that sends lists where the integration says so, and by no other", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const make = (slug: string, provider: string, options: Record<string, unknown>) =>
        manage("/integrations", { slug, name: slug, provider, secrets: [Gateway.secret], options })
      assert.strictEqual((yield* make("hub", "hubspot", { split: true })).status, 201)
      assert.isTrue(providers.hubspot.scheme({ split: true }).split)
      assert.isFalse(providers.hubspot.scheme({}).split)
      assert.deepStrictEqual(Api.complaints(yield* make("git", "github", { split: true })), ["options.split"])
      const { only: _, ...listless } = scheme
      const refused = yield* manage("/integrations", {
        slug: "listless",
        name: "n",
        secrets: ["s"],
        ...custom({ scheme: { ...listless, dedupe: [], type: [] } })
      })
      assert.deepStrictEqual(Api.complaints(refused), ["scheme.split"])
    }))
})
