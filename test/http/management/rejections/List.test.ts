import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import type { Reason } from "../../../../src/domain/Rejection.ts"
import * as Client from "../../../support/Client.ts"
import { eventually } from "../../../support/Eventually.ts"
import * as Gateway from "../../../support/Gateway.ts"
import * as Api from "../../Api.ts"
import { ids, last, nowhere } from "./Refused.ts"

interface Query {
  readonly limit: number
  readonly cursor?: string
  readonly integration: Option.Option<string>
  readonly reason: Option.Option<Reason>
  readonly from: Option.Option<DateTime.Utc>
  readonly to: Option.Option<DateTime.Utc>
}

const all: Query = {
  limit: 200,
  integration: Option.none(),
  reason: Option.none(),
  from: Option.none(),
  to: Option.none()
}
const nothing = "019ab1f0-0000-7000-8000-000000000000"

layer(Client.onTwins(), Api.live)("rejections", (it) => {
  it.effect("are listed newest first, page by page, and found by integration, reason and time", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { operator: { rejections } } = yield* Client.Clients
      const one = yield* Gateway.integration("one", nowhere)
      const other = yield* Gateway.integration("other", nowhere)
      yield* call("/api/v1/webhooks/one", { body: "1" })
      yield* call("/api/v1/webhooks/one", { body: "2", headers: { "x-signature": "not hex" } })
      yield* call("/api/v1/webhooks/other", { body: "3" })
      yield* call("/api/v1/webhooks/nobody", { body: "4" })
      const list = (query: Partial<Query>) => rejections.list({ urlParams: { ...all, ...query } })
      const { data, nextCursor } = yield* eventually(list({}), (_) => _.data.length === 4)
      const [unknown, third, second, first] = data
      assert.isNull(nextCursor)
      assert.deepStrictEqual([unknown?.integrationId, third?.integrationId, second?.integrationSlug], [
        null,
        other.id,
        "one"
      ])
      assert.deepStrictEqual([unknown?.reason, third?.reason, second?.reason, first?.reason], [
        "integration_unknown",
        "signature_missing",
        "signature_malformed",
        "signature_missing"
      ])
      assert.deepInclude(first, {
        method: "POST",
        size: 1,
        bodyKept: true,
        suppressed: 0,
        acceptedAt: null,
        eventId: null
      })
      const found = (query: Parameters<typeof list>[0]) => Effect.map(list(query), ({ data }) => data.map((_) => _.id))
      const byReason = { reason: Option.some("signature_missing" as const) }
      assert.deepStrictEqual(yield* found({ integration: Option.some("one") }), [second?.id, first?.id])
      assert.deepStrictEqual(yield* found({ integration: Option.some(other.id) }), [third?.id])
      assert.deepStrictEqual(yield* found(byReason), [third?.id, first?.id])
      assert.deepStrictEqual(yield* found({ ...byReason, integration: Option.some("one") }), [first?.id])
      const at = Option.fromNullable(second?.receivedAt)
      const later = Option.map(at, DateTime.add({ millis: 1 }))
      assert.include(yield* found({ from: at }), second?.id)
      assert.notInclude(yield* found({ to: at }), second?.id)
      assert.notInclude(yield* found({ from: later }), second?.id)
      assert.include(yield* found({ to: later }), second?.id)

      const page = yield* list({ limit: 3 })
      assert.deepStrictEqual(page.data.map((_) => _.id), [unknown?.id, third?.id, second?.id])
      const next = yield* list({ limit: 3, ...(page.nextCursor === null ? {} : { cursor: page.nextCursor }) })
      assert.deepStrictEqual([next.data.map((_) => _.id), next.nextCursor], [[first?.id], null])
      assert.deepStrictEqual(yield* ids(one.id), data.slice(2).map((_) => _.id))
    }))

  it.effect("are shown with their headers, and their bodies byte by byte", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const { operator: { rejections } } = yield* Client.Clients
      const { id: integrationId } = yield* Gateway.integration("shown", nowhere)
      const body = Uint8Array.of(0, 255, 10, 13)
      const headers = { "content-type": "text/html", authorization: "Bearer secret", "x-own": "value" }
      yield* call("/api/v1/webhooks/shown/a?b=c", { body, headers })
      const id = yield* last(integrationId)
      const shown = yield* rejections.get({ path: { id } })
      assert.deepInclude(shown, { path: "/a", acceptable: true, obstacle: null, size: 4 })
      assert.deepInclude(shown.headers, { authorization: "<sealed>", "x-own": "value" })
      const bytes = yield* rejections.body({ path: { id } })
      assert.deepStrictEqual(new Uint8Array(bytes), body)
      const answer = yield* manage(`/rejections/${id}/body`)
      assert.strictEqual(answer.headers.get("content-type"), "text/html")
      assert.strictEqual(answer.headers.get("content-security-policy"), "sandbox; default-src 'none'")
      assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
    }))

  it.effect("of an unknown integration show which headers came, and which values are kept", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { operator: { rejections } } = yield* Client.Clients
      const sql = yield* SqlClient.SqlClient
      yield* call("/api/v1/webhooks/tyop", {
        body: "{}",
        headers: { "stripe-signature": "t=1,v1=a", "user-agent": "Stripe/1.0" }
      })
      const [row] = yield* eventually(
        sql<{ id: string }>`SELECT id FROM rejections WHERE url = '/api/v1/webhooks/tyop'`,
        (_) => _.length > 0
      )
      const id = row?.id ?? ""
      const { acceptable, headers, size } = yield* rejections.get({ path: { id } })
      assert.deepInclude(headers, { "stripe-signature": "<not kept>", "user-agent": "Stripe/1.0" })
      assert.deepStrictEqual([acceptable, size], [false, null])
      yield* Client.refused(rejections.body({ path: { id } }), "not_found")
    }))

  it.effect("are not for who has no key", () =>
    Effect.gen(function*() {
      yield* Client.guarded(({ rejections }) => rejections.list({ urlParams: all }))
      yield* Client.guarded(({ rejections }) => rejections.get({ path: { id: nothing } }))
      yield* Client.guarded(({ rejections }) => rejections.body({ path: { id: nothing } }))
    }))

  it.effect("that are not there are not found, and a filter that makes no sense is told", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { operator: { rejections } } = yield* Client.Clients
      for (const id of [nothing, "no-id", "a".repeat(300)]) {
        yield* Client.refused(rejections.get({ path: { id } }), "not_found")
        yield* Client.refused(rejections.body({ path: { id } }), "not_found")
      }
      const gone = yield* Gateway.integration("gone", nowhere)
      yield* manage(`/integrations/${gone.id}`, undefined, "DELETE")
      assert.deepStrictEqual(
        (yield* rejections.list({ urlParams: { ...all, integration: Option.some(gone.id) } })).data,
        []
      )
      const nobody = rejections.list({ urlParams: { ...all, integration: Option.some("nobody-at-all") } })
      yield* Client.refused(nobody, "not_found")
      const astray = rejections.list({ urlParams: { ...all, cursor: "none" } })
      assert.deepStrictEqual(yield* Client.complaints(astray), ["cursor"])
      for (const [name, value] of Object.entries({ reason: "because", from: "yesterday", to: "x", limit: "201" })) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/rejections?${name}=${value}`)), [name])
      }
    }))
})
