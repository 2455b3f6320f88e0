import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Effect, Option, Redacted, Schema } from "effect"
import * as Client from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const url = "http://127.0.0.1:9/hook"
const anything = {
  limit: 1,
  subjectType: Option.none(),
  subjectId: Option.none(),
  actor: Option.none(),
  action: Option.none(),
  from: Option.none(),
  to: Option.none()
}
const nobody = "019ab1f0-0000-7000-8000-000000000000"

const list = Effect.fnUntraced(function*(query: Readonly<Record<string, string>>) {
  const { manage } = yield* Gateway.Gateway
  const { json, status, text } = yield* manage(`/audit-entries?${new URLSearchParams(query)}`)
  assert.strictEqual(status, 200, text)
  return yield* Schema.decodeUnknown(Page)(json)
})

const Fields = Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const Page = Schema.Struct({
  data: Schema.Array(Schema.Struct({
    id: Schema.String,
    at: Schema.String,
    actor: Schema.String,
    action: Schema.String,
    subjectType: Schema.String,
    subjectId: Schema.NullOr(Schema.String),
    before: Fields,
    after: Fields,
    detail: Fields
  })),
  nextCursor: Schema.NullOr(Schema.String)
})

/** The hints of the secrets in a part of an entry. */
const hints = (fields: unknown) => decodeHints(fields).secrets.map((_) => _.hint)

const decodeHints = Schema.decodeUnknownSync(
  Schema.Struct({ secrets: Schema.Array(Schema.Struct({ id: Schema.String, hint: Schema.String })) })
)

/** The newest entry of a subject. */
const newest = (subjectId: string) =>
  Effect.flatMap(list({ subjectId, limit: "1" }), ({ data: [entry] }) => Effect.fromNullable(entry))

layer(Client.onTwins(), Api.live)("the audit", (it) => {
  it.effect("has what a change of an integration touched, as it was and as it is, and nothing of what changes nothing", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id } = yield* Gateway.integration("changed", url)
      const made = yield* newest(id)
      assert.deepInclude(made, {
        actor: "management-key",
        action: "integration.created",
        subjectType: "integration",
        before: null
      })
      assert.deepInclude(made.after, { slug: "changed", provider: "hmac", status: "active", rateLimitPerMinute: null })
      const patch = (fields: unknown) => manage("/integrations/changed", fields, "PATCH")
      yield* patch({ name: "New", rateLimitPerMinute: 7, dedupe: { jsonPath: "$.id" } })
      const { action, after, before, detail } = yield* newest(id)
      assert.deepStrictEqual({ action, after, before, detail }, {
        action: "integration.updated",
        before: { name: "changed", rateLimitPerMinute: null, dedupe: { header: "x-id" } },
        after: { name: "New", rateLimitPerMinute: 7, dedupe: { jsonPath: "$.id" } },
        detail: {}
      })
      yield* patch({ name: "New", rateLimitPerMinute: 7 })
      yield* patch({})
      assert.strictEqual(yield* Gateway.audited("integration.updated", id), 1)
      yield* patch({ options: { header: "x-other" } })
      assert.deepInclude(yield* newest(id), { before: { options: {} }, after: { options: { header: "x-other" } } })
      yield* manage("/integrations/changed", undefined, "DELETE")
      const deleted = yield* newest(id)
      assert.deepInclude(deleted, { action: "integration.deleted", after: null })
      assert.deepInclude(deleted.before, { slug: "changed", name: "New" })
    }))

  it.effect("shows of secrets their ids and hints, and of a verify token that it was set", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id } = yield* Gateway.integration("secretive", url, { provider: "meta", dedupe: undefined })
      const { operator: { secrets } } = yield* Client.Clients
      const info = yield* secrets.add({ path: { id }, payload: { secret: Redacted.make("another-secret-wxyz") } })
      const added = yield* newest(id)
      assert.strictEqual(added.action, "integration.secret-added")
      assert.deepStrictEqual(hints(added.before), ["…ests"])
      assert.deepStrictEqual(hints(added.after), ["…ests", "…wxyz"])
      yield* secrets.remove({ path: { id, secretId: info.id } })
      assert.deepStrictEqual(hints((yield* newest(id)).after), ["…ests"])

      const token = (verifyToken: string | null) => manage("/integrations/secretive", { verifyToken }, "PATCH")
      const seen: Array<unknown> = []
      for (const verifyToken of [null, "chosen-token-one", "chosen-token-two", null]) {
        yield* token(verifyToken)
        const { action, after, before } = yield* newest(id)
        seen.push(action === "integration.updated" ? [before, after] : "nothing")
      }
      const set = (verifyToken: string | null) => ({ verifyToken })
      assert.deepStrictEqual(seen, [
        "nothing",
        [set(null), set("set")],
        [set("set"), set("set anew")],
        [set("set"), set(null)]
      ])
      const { text } = yield* manage("/audit-entries?limit=200")
      for (const secret of [Gateway.secret, "another-secret", "chosen-token"]) assert.notInclude(text, secret)
    }))

  it.effect("has the changes of destinations, and of their signing secrets the hint", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations: [destination] } = yield* Gateway.integration("with-destination", url)
      const id = destination?.id ?? ""
      const made = yield* newest(id)
      assert.deepInclude(made, { action: "destination.created", before: null })
      assert.deepInclude(made.after, { url, signingSecret: `…${destination?.signingSecret.slice(-4)}` })
      yield* manage(`/destinations/${id}`, { concurrency: 3, filter: {} }, "PATCH")
      assert.deepInclude(yield* newest(id), {
        action: "destination.updated",
        before: { concurrency: null },
        after: { concurrency: 3 }
      })
      yield* manage(`/destinations/${id}/pause`, {})
      const paused = yield* newest(id)
      assert.deepInclude(paused, { action: "destination.paused" })
      assert.deepInclude(paused.before, { status: "active" })
      const { operator: { secrets } } = yield* Client.Clients
      const { signingSecret } = yield* secrets.rotateSigning({ path: { id }, payload: { overlapSeconds: 0 } })
      assert.deepInclude(yield* newest(id), {
        action: "destination.signing-rotated",
        before: { signingSecret: null },
        after: { signingSecret: `…${signingSecret.slice(-4)}` }
      })
      yield* manage(`/destinations/${id}`, undefined, "DELETE")
      assert.deepInclude(yield* newest(id), { action: "destination.deleted", after: null })
    }))

  it.effect("has nothing of a change that was refused", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id } = yield* Gateway.integration("refusing", url)
      yield* Gateway.integration("taken", url)
      yield* manage("/integrations/refusing", { slug: "taken" }, "PATCH")
      yield* manage("/integrations/refusing", { options: { encoding: "rot13" } }, "PATCH")
      yield* manage(`/integrations/${id}/secrets`, { secret: Gateway.secret })
      assert.strictEqual((yield* list({ subjectId: id })).data.length, 1)
    }))

  it.effect("is listed by subject, actor, action and time, and by all of them together, newest first", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations: [destination], id } = yield* Gateway.integration("listed", url)
      for (const name of ["one", "two", "three"]) yield* manage("/integrations/listed", { name }, "PATCH")
      const { data } = yield* list({ subjectId: id })
      assert.deepStrictEqual(data.map((_) => _.action), [
        "integration.updated",
        "integration.updated",
        "integration.updated",
        "integration.created"
      ])
      const updated = yield* list({
        subjectType: "integration",
        subjectId: id,
        actor: "management-key",
        action: "integration.updated"
      })
      assert.deepStrictEqual(updated.data, data.slice(0, 3))
      const first = yield* list({ subjectId: id, limit: "3" })
      const second = yield* list({ subjectId: id, limit: "3", cursor: first.nextCursor ?? "" })
      assert.deepStrictEqual([...first.data, ...second.data], data)
      assert.isNull(second.nextCursor)
      const bySubjectType = yield* list({ subjectType: "destination", limit: "200" })
      assert.include(bySubjectType.data.map((_) => _.subjectId), destination?.id)
      assert.deepStrictEqual([...new Set(bySubjectType.data.map((_) => _.subjectType))], ["destination"])
      assert.deepStrictEqual((yield* list({ actor: "nobody" })).data, [])
      const { data: everything } = yield* list({ limit: "200" })
      assert.deepStrictEqual(everything.map((_) => _.id), everything.map((_) => _.id).toSorted().toReversed())
      const within = Effect.fnUntraced(function*(query: Record<string, string>) {
        return (yield* list({ subjectId: id, ...query })).data.map((_) => _.id)
      })
      const ids = data.map((_) => _.id)
      const millis = (at: string | undefined, more: number) => new Date(Date.parse(at ?? "") + more).toISOString()
      assert.deepStrictEqual(yield* within({ from: millis(data.at(-1)?.at, 0), to: millis(data[0]?.at, 1) }), ids)
      assert.deepStrictEqual(yield* within({ to: millis(data.at(-1)?.at, 0) }), [])
      assert.deepStrictEqual(yield* within({ from: millis(data[0]?.at, 1) }), [])
      assert.deepStrictEqual(yield* within({ from: "1960-01-01T00:00:00Z", to: "9999-12-31T00:00:00Z" }), ids)
    }))

  it.effect("is read by the typed client with the key alone, and a filter that makes no sense is told", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { operator: { audit } } = yield* Client.Clients
      const { id } = yield* Gateway.integration("typed-audit", url)
      const { data } = yield* audit.list({ urlParams: { ...anything, subjectId: Option.some(id) } })
      assert.deepStrictEqual(data.map((_) => _.action), ["integration.created"])
      yield* Client.guarded((client) => client.audit.list({ urlParams: anything }))
      const senseless = { subjectId: "no-id", from: "yesterday", to: "2026-13-01", cursor: "abc", limit: "0" }
      for (const [name, value] of Object.entries(senseless)) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/audit-entries?${name}=${value}`)), [name])
      }
      assert.deepStrictEqual((yield* list({ subjectId: nobody })).data, [])
    }))

  it.effect("cannot be changed, deleted or emptied, also by whoever writes SQL", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* Gateway.integration("kept", url)
      const count = Effect.map(sql`SELECT id, detail FROM audit_entries ORDER BY id`, (rows) => JSON.stringify(rows))
      const before = yield* count
      for (
        const change of [
          "UPDATE audit_entries SET actor = 'somebody'",
          "UPDATE audit_entries SET detail = '{}' WHERE false",
          "DELETE FROM audit_entries",
          "TRUNCATE audit_entries"
        ]
      ) {
        const { cause } = yield* Effect.flip(sql.unsafe(change))
        assert.include(String(cause), "append-only", change)
      }
      assert.strictEqual(yield* count, before)
    }))

  it.effect("has the moment of the database in its ids, so that a host's wrong clock does not mix up their order", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.forEach(Array.range(1, 3), (n) => Gateway.integration(`ordered-${n}`, url))
      const rows = yield* sql<{ readonly same: boolean }>`
        SELECT left(replace(id::text, '-', ''), 12) = lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')
          AND substr(id::text, 15, 1) = '7' AS same
        FROM audit_entries`
      assert.deepStrictEqual([...new Set(rows.map((_) => _.same))], [true])
    }))
})
