import { assert, layer } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import * as Client from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const url = "http://127.0.0.1:9/hook"
const nothing = "019ab1f0-0000-7000-8000-000000000000"
const page = { limit: 10 }

const none = Option.none()
const anyEvent = { integration: none, type: none, status: none, from: none, to: none, dedupeKey: none }
const anyDelivery = { integration: none, status: none, destinationId: none }

const make = Effect.fnUntraced(function*(slug: string) {
  const { operator } = yield* Client.Clients
  return yield* operator.integrations.create({
    payload: { slug, name: slug, provider: "hmac", secrets: [Redacted.make(Gateway.secret)], callbackUrl: url }
  })
})

/** The event of a webhook that came in for an integration of that slug. */
const receive = Effect.fnUntraced(function*(slug: string, body: string) {
  const { call } = yield* Gateway.Gateway
  const { eventId } = yield* Gateway.accepted(yield* call(`/api/v1/webhooks/${slug}`, Api.webhook(body)))
  return eventId
})

layer(Client.onTwins(), Api.live)("the typed client", (it) => {
  it.effect("makes an integration, shows it by id and slug, lists it, changes it, and removes it", () =>
    Effect.gen(function*() {
      const { operator: { integrations } } = yield* Client.Clients
      const made = yield* make("typed")
      assert.isString(made.destinations[0]?.signingSecret)
      const shown = yield* integrations.get({ path: { id: made.id } })
      assert.deepStrictEqual(yield* integrations.get({ path: { id: "typed" } }), shown)
      assert.deepInclude((yield* integrations.list({ urlParams: page })).data, shown)
      const changed = yield* integrations.update({ path: { id: made.id }, payload: { name: "Renamed" } })
      assert.strictEqual(changed.name, "Renamed")
      assert.deepStrictEqual(yield* integrations.get({ path: { id: made.id } }), changed)
      yield* integrations.remove({ path: { id: made.id } })
      yield* Client.refused(integrations.get({ path: { id: made.id } }), "not_found")
    }))

  it.effect("adds a destination, shows it, changes it, pauses and resumes it, and removes it", () =>
    Effect.gen(function*() {
      const { operator: { destinations, integrations } } = yield* Client.Clients
      const { id: integration } = yield* make("destinations")
      const { signingSecret, ...added } = yield* integrations.addDestination({
        path: { id: integration },
        payload: { url: `${url}/second`, filter: { types: ["order.*"] } }
      })
      const path = { id: added.id }
      assert.match(signingSecret, /^whsec_/)
      assert.deepStrictEqual(yield* destinations.get({ path }), added)
      const { data } = yield* integrations.destinations({ path: { id: integration } })
      assert.deepStrictEqual(data.map((_) => _.url).toSorted(), [url, `${url}/second`])
      assert.strictEqual((yield* destinations.update({ path, payload: { url: `${url}/third` } })).url, `${url}/third`)
      assert.strictEqual((yield* destinations.pause({ path })).status, "paused")
      assert.strictEqual((yield* destinations.resume({ path })).status, "active")
      yield* destinations.remove({ path })
      yield* Client.refused(destinations.get({ path }), "not_found")
    }))

  it.effect("lists an event, shows it with its deliveries, reads its bytes, and replays it", () =>
    Effect.gen(function*() {
      const { operator: { deliveries, events } } = yield* Client.Clients
      const { id: integrationId } = yield* make("events")
      const id = yield* receive("events", "\0\u00ff")
      const listed = yield* events.list({ urlParams: { ...page, ...anyEvent } })
      assert.include(listed.data.map((_) => _.id), id)
      const event = yield* events.get({ path: { id } })
      assert.strictEqual(event.integrationId, integrationId)
      const body = yield* events.body({ path: { id } })
      assert.deepStrictEqual(new Uint8Array(body), new TextEncoder().encode("\0\u00ff"))

      const [delivery] = event.deliveries
      const shown = yield* deliveries.get({ path: { id: delivery?.id ?? "" } })
      assert.deepStrictEqual([shown.eventId, shown.attempts], [event.id, []])
      const all = yield* deliveries.list({ urlParams: { ...page, ...anyDelivery } })
      assert.include(all.data.map((_) => _.id), delivery?.id)

      const replay = yield* events.replay({ path: { id }, payload: { reason: "again", destinationId: none } })
      assert.deepInclude(replay, { total: 1, reason: "again", actor: "management-key" })
    }))

  it.effect("shows providers, queues, and how the gateway is", () =>
    Effect.gen(function*() {
      const { nobody, operator: { providers, queues } } = yield* Client.Clients
      assert.include((yield* providers.list()).data.map((_) => _.id), "stripe")
      assert.isNotEmpty((yield* queues.list()).data)
      assert.strictEqual((yield* nobody.health.report()).status, "ok")
      assert.strictEqual((yield* nobody.health.live()).status, "ok")
      assert.strictEqual((yield* nobody.health.ready()).status, "ok")
    }))

  it.effect("goes nowhere else for an id that holds what has a meaning in paths", () =>
    Effect.gen(function*() {
      const { operator: { events, integrations, queues, rejections, secrets } } = yield* Client.Clients
      yield* make("paths")
      for (const id of ["paths/destinations", "paths?limit=1", "paths#", "../events", "%70aths", "a b", "\u00fc"]) {
        const error = yield* Client.refused(integrations.get({ path: { id } }), "not_found")
        assert.propertyVal(error, "message", "There is no such integration.", id)
        yield* Client.refused(events.body({ path: { id } }), "not_found")
        yield* Client.refused(rejections.get({ path: { id } }), "not_found")
        yield* Client.refused(secrets.rotateSigning({ path: { id }, payload: {} }), "not_found")
        yield* Client.refused(secrets.remove({ path: { id: "paths", secretId: id } }), "not_found")
        yield* Client.refused(queues.messages({ path: { name: id }, urlParams: {} }), "not_found")
      }
    }))

  it.effect("gives the gateway's errors as values", () =>
    Effect.gen(function*() {
      const { operator: { destinations, events, integrations } } = yield* Client.Clients
      yield* make("errors")
      yield* Client.refused(make("errors"), "conflict")
      yield* Client.refused(integrations.get({ path: { id: "nobody" } }), "not_found")
      yield* Client.refused(
        events.replay({ path: { id: nothing }, payload: { reason: "none", destinationId: none } }),
        "not_found"
      )
      const update = destinations.update({ path: { id: nothing }, payload: { url: "http://10.0.0.1/" } })
      assert.deepStrictEqual(yield* Client.complaints(update), ["url"])
      const cursor = integrations.list({ urlParams: { limit: 1, cursor: "none" } })
      assert.deepStrictEqual(yield* Client.complaints(cursor), ["cursor"])
      yield* Client.guarded(({ integrations }) => integrations.list({ urlParams: page }))
    }))
})
