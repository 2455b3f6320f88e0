import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Clock, DateTime, Effect, Redacted } from "effect"
import * as Client from "../../support/Client.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const [old, fresh, another] = ["the-old-secret-of-the-shop", "the-new-secret-of-the-shop", "a-third-secret-of-the-shop"]
const nobody = "019ab1f0-0000-7000-8000-000000000000"

const make = Effect.fnUntraced(function*(slug: string, secrets: ReadonlyArray<string> = [old]) {
  const { call, manage } = yield* Gateway.Gateway
  const { id } = yield* Gateway.integration(slug, "http://127.0.0.1:9/hook", { secrets })
  let sent = 0
  /** Whether a webhook that is signed with a secret is accepted. */
  const accepts = (secret: string) =>
    Effect.map(
      Effect.suspend(() => {
        const body = `{"n":${++sent}}`
        const headers = { "x-id": String(sent), "x-signature": Api.signature(body, secret) }
        return call(`/api/v1/webhooks/${slug}`, { body, headers })
      }),
      ({ status }) => status === 202
    )
  const shown = Effect.flatMap(Client.Clients, ({ operator }) => operator.integrations.get({ path: { id } }))
  return { id, accepts, shown, manage, secrets: Effect.map(shown, (_) => _.secrets) }
})

const after = (millis: number) => Effect.map(Clock.currentTimeMillis, (now) => DateTime.unsafeMake(now + millis))

// On a machine that is slow for a moment.
const hasPassed = (moment: DateTime.Utc) =>
  Effect.map(Clock.currentTimeMillis, (now) => now >= DateTime.toEpochMillis(moment))

const add = Effect.fnUntraced(
  function*(id: string, secret: string, times: Readonly<Record<string, DateTime.Utc>> = {}) {
    const { operator: { secrets } } = yield* Client.Clients
    return yield* secrets.add({ path: { id }, payload: { secret: Redacted.make(secret), ...times } })
  }
)

layer(Client.onTwins(), Api.live)("a secret of an integration", (it) => {
  it.effect("is added by id or slug, proves webhooks at once beside the others, and shows its hint alone", () =>
    Effect.gen(function*() {
      const { accepts, id, secrets, manage } = yield* make("added")
      const info = yield* add("added", fresh)
      assert.deepInclude(info, { hint: "…shop", validUntil: null })
      assert.deepStrictEqual([yield* accepts(old), yield* accepts(fresh), yield* accepts(another)], [true, true, false])
      assert.deepStrictEqual((yield* secrets).map((_) => _.id).at(-1), info.id)
      const { text } = yield* manage(`/integrations/${id}`)
      assert.notInclude(text, fresh)
      assert.strictEqual(yield* Gateway.audited("integration.secret-added", id), 1)
    }))

  it.effect("takes over from the others in one call, which are accepted until their time is over", () =>
    Effect.gen(function*() {
      const { accepts, id, secrets } = yield* make("rotated")
      const expireOthersAt = yield* after(4_000)
      const info = yield* add(id, fresh, { expireOthersAt })
      assert.isTrue(yield* accepts(fresh))
      const early = yield* accepts(old)
      assert.isTrue(early || (yield* hasPassed(expireOthersAt)))
      const ends = (yield* secrets).map((_) => [_.id === info.id, _.validUntil])
      assert.deepStrictEqual(ends, [[false, expireOthersAt], [true, null]])
      yield* eventually(accepts(old), (accepted) => !accepted)
      assert.isTrue(yield* accepts(fresh))
    }))

  it.effect("is not valid before its time", () =>
    Effect.gen(function*() {
      const { accepts, id } = yield* make("early")
      const validFrom = yield* after(3_000)
      yield* add(id, fresh, { validFrom })
      const early = yield* accepts(fresh)
      assert.isTrue(!early || (yield* hasPassed(validFrom)))
      yield* eventually(accepts(fresh), (accepted) => accepted)
    }))

  it.effect("ends when it is said to, at once where that time has passed, and may go on after all", () =>
    Effect.gen(function*() {
      const { operator: { secrets: api } } = yield* Client.Clients
      const { accepts, id, secrets } = yield* make("ended")
      yield* add(id, fresh)
      const [first] = yield* secrets
      const path = { id, secretId: first?.id ?? "" }
      const ended = yield* api.change({ path, payload: { validUntil: DateTime.unsafeMake(0) } })
      assert.isAtLeast(DateTime.toEpochMillis(ended.validUntil ?? DateTime.unsafeMake(0)), 1_700_000_000_000)
      assert.deepStrictEqual([yield* accepts(old), yield* accepts(fresh)], [false, true])
      const again = yield* api.change({ path, payload: { validUntil: null } })
      assert.isNull(again.validUntil)
      assert.isTrue(yield* accepts(old))
      assert.strictEqual(yield* Gateway.audited("integration.secret-changed", id), 2)
    }))

  it.effect("is deleted, and proves nothing any more", () =>
    Effect.gen(function*() {
      const { operator: { secrets: api } } = yield* Client.Clients
      const { accepts, id, secrets } = yield* make("deleted", [old, fresh])
      const [first] = yield* secrets
      yield* api.remove({ path: { id, secretId: first?.id ?? "" } })
      assert.deepStrictEqual([yield* accepts(old), yield* accepts(fresh)], [false, true])
      yield* Client.refused(api.remove({ path: { id, secretId: first?.id ?? "" } }), "not_found")
      assert.strictEqual(yield* Gateway.audited("integration.secret-deleted", id), 1)
    }))

  it.effect("is neither deleted nor ended while it is the last one, and two at once leave one", () =>
    Effect.gen(function*() {
      const { operator: { secrets: api } } = yield* Client.Clients
      const { accepts, id, secrets } = yield* make("last", [old, fresh])
      const paths = (yield* secrets).map((_) => ({ id, secretId: _.id as string }))
      const outcomes = yield* Effect.forEach(paths, (path) => Effect.either(api.remove({ path })), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(outcomes.map((_) => _._tag).toSorted(), ["Left", "Right"])
      const [left] = yield* secrets
      const path = { id, secretId: left?.id ?? "" }
      const error = yield* Client.refused(api.remove({ path }), "conflict")
      assert.include(JSON.stringify(error), "Add another one first")
      yield* Client.refused(api.change({ path, payload: { validUntil: DateTime.unsafeMake(0) } }), "conflict")
      yield* Client.refused(api.change({ path, payload: { validUntil: yield* after(60_000) } }), "conflict")
      assert.strictEqual((yield* accepts(old)) !== (yield* accepts(fresh)), true)
      assert.strictEqual((yield* secrets)[0]?.validUntil, null)
    }))

  it.effect("leaves no moment without one when it takes over too late or ends too soon", () =>
    Effect.gen(function*() {
      const { id, secrets } = yield* make("gap")
      const [soon, later] = [yield* after(60_000), yield* after(120_000)]
      yield* Client.refused(add(id, fresh, { validFrom: later, expireOthersAt: soon }), "conflict")
      yield* Client.refused(add(id, fresh, { validUntil: later, expireOthersAt: soon }), "conflict")
      assert.strictEqual((yield* secrets).length, 1)
      yield* add(id, fresh, { validFrom: soon, expireOthersAt: later })
      yield* add(id, another, { validUntil: later })
      assert.strictEqual((yield* secrets).length, 3)
    }))

  it.effect("is refused where the integration has it, whatever its hint, and told by its id", () =>
    Effect.gen(function*() {
      const { id, secrets } = yield* make("twice")
      const error = JSON.stringify(yield* Client.refused(add(id, old), "conflict"))
      assert.include(error, (yield* secrets)[0]?.id ?? "none")
      assert.notInclude(error, old)
      yield* add(id, fresh)
    }))

  it.effect("of another shape is refused with what the provider's look like, and any where there is none", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const made = { name: "n", provider: "standard-webhooks", secrets: ["whsec_c2VjcmV0IHNlY3JldA=="] }
      yield* manage("/integrations", { ...made, slug: "shaped" })
      yield* manage("/integrations", { slug: "open", name: "n", provider: "none", secrets: [] })
      const bad: ReadonlyArray<readonly [string, unknown, string]> = [
        ["shaped", { secret: "no base64!" }, "secret"],
        ["open", { secret: "any" }, "secret"],
        ["shaped", {}, "secret"],
        ["shaped", { secret: "" }, "secret"],
        ["shaped", { secret: "whsec_YW5vdGhlcg==", validFrom: "tomorrow" }, "validFrom"],
        ["shaped", { secret: "whsec_YW5vdGhlcg==", validUntil: "-271821-04-20T00:00:00Z" }, "validUntil"],
        ["shaped", { secret: "whsec_YW5vdGhlcg==", expireOthersAt: "+275760-09-13T00:00:00Z" }, "expireOthersAt"],
        ["shaped", { secret: "whsec_YW5vdGhlcg==", validUntil: "2001-01-01T00:00:00Z" }, "validUntil"],
        [
          "shaped",
          { secret: "whsec_YW5vdGhlcg==", validFrom: "2999-01-02T00:00:00Z", validUntil: "2999-01-01T00:00:00Z" },
          "validUntil"
        ],
        ["shaped", { secret: "whsec_YW5vdGhlcg==", unknown: 1 }, "unknown"]
      ]
      for (const [slug, fields, path] of bad) {
        const answer = yield* manage(`/integrations/${slug}/secrets`, fields)
        assert.deepStrictEqual(Api.complaints(answer), [path])
        assert.notInclude(answer.text, "YW5vdGhlcg")
      }
      const change = (fields: unknown) => manage(`/integrations/shaped/secrets/${nobody}`, fields, "PATCH")
      assert.deepStrictEqual(Api.complaints(yield* change({})), ["validUntil"])
      assert.deepStrictEqual(Api.complaints(yield* change({ validUntil: 1 })), ["validUntil"])
      assert.deepStrictEqual(Api.complaints(yield* change({ validUntil: null, secret: "x" })), ["secret"])
    }))

  it.effect("takes the place of the one that is over longest where there are ten, else there is no room", () =>
    Effect.gen(function*() {
      const { operator: { secrets: api } } = yield* Client.Clients
      const { id, secrets } = yield* make("many", Array.makeBy(10, (n) => `secret-number-${n}-of-many`))
      yield* Client.refused(add(id, fresh), "conflict")
      const [first, second] = yield* secrets
      for (const over of [second, first]) {
        yield* api.change({ path: { id, secretId: over?.id ?? "" }, payload: { validUntil: DateTime.unsafeMake(0) } })
      }
      const info = yield* add(id, fresh)
      const ids = (yield* secrets).map((_) => _.id)
      assert.deepStrictEqual([ids.length, ids.includes(info.id)], [10, true])
      assert.notInclude(ids, second?.id)
      assert.include(ids, first?.id)
    }))

  it.effect("that nobody has, or of an integration that nobody made, is answered with 404", () =>
    Effect.gen(function*() {
      const { operator: { secrets: api } } = yield* Client.Clients
      const { id } = yield* make("unknown", [old, fresh])
      const { secrets: others } = yield* make("others", [old, fresh])
      const [foreign] = yield* others
      for (const secretId of [nobody, "no-id", foreign?.id ?? ""]) {
        yield* Client.refused(api.remove({ path: { id, secretId } }), "not_found")
        yield* Client.refused(api.change({ path: { id, secretId }, payload: { validUntil: null } }), "not_found")
      }
      yield* Client.refused(add("nobody", fresh), "not_found")
      yield* Client.refused(api.remove({ path: { id: "nobody", secretId: nobody } }), "not_found")
    }))

  it.effect("is nobody's to change without the key", () =>
    Effect.gen(function*() {
      const { id, secrets } = yield* make("closed", [old, fresh])
      const [first] = yield* secrets
      const path = { id, secretId: first?.id ?? "" }
      const payload = { secret: Redacted.make(another) }
      yield* Client.guarded(({ secrets: api }) => api.add({ path: { id }, payload }))
      yield* Client.guarded(({ secrets: api }) => api.change({ path, payload: { validUntil: null } }))
      yield* Client.guarded(({ secrets: api }) => api.remove({ path }))
      yield* Client.guarded(({ secrets: api }) => api.rotateSigning({ path: { id }, payload: {} }))
      assert.strictEqual((yield* secrets).length, 2)
    }))

  it.effect("does not change an integration that a newer revision has made", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { id, secrets } = yield* make("newer", [old, fresh])
      const [first] = yield* secrets
      yield* sql`UPDATE integrations SET provider = 'of-tomorrow' WHERE id = ${id}`
      yield* Client.refused(add(id, another), "conflict")
      const { operator: { secrets: api } } = yield* Client.Clients
      yield* Client.refused(api.remove({ path: { id, secretId: first?.id ?? "" } }), "conflict")
    }))
})
