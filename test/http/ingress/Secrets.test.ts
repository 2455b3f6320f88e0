import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Callback from "../../support/Callback.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import { onTwins } from "../../support/Gateways.ts"
import { everything, found } from "../../support/SecretSearch.ts"
import * as Api from "../Api.ts"

const token = "token-that-nobody-may-see-7f3a"
const wrongToken = "wrong-token-that-nobody-may-see"
const password = "Basic cGFzc3dvcmQtbm9ib2R5LXNlZXM="
const cookie = "session=cookie-that-nobody-may-see"

const assertNowhere = (text: string, ...secrets: ReadonlyArray<string>) => {
  assert.deepStrictEqual(found(text, Object.fromEntries(secrets.map((secret) => [secret, secret]))), [])
}

layer(onTwins(), Api.live)("a secret that travels in a header", (it) => {
  it.scoped("stands nowhere in plain, shows nowhere, and yet reaches the callback", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      const { destinations, id } = yield* Gateway.integration("tokens", callback.url, {
        provider: "token",
        secrets: [token]
      })
      const headers = { "x-webhook-token": token, "x-id": "one", authorization: password, cookie }
      const answer = yield* call("/api/v1/webhooks/tokens", { body: "{\"n\":1}", headers })
      const refused = yield* call("/api/v1/webhooks/tokens", {
        body: "{\"n\":2}",
        headers: { ...headers, "x-webhook-token": wrongToken }
      })
      Api.failed(refused, 401, "signature_invalid")
      const { eventId } = yield* Gateway.accepted(answer)

      const [got] = yield* callback.awaitReceived(1)
      assert.strictEqual(got?.headers["x-webhook-token"], token)
      assert.isUndefined(got?.headers["authorization"])
      assert.isUndefined(got?.headers["cookie"])

      const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
      assert.strictEqual(event.headers["x-webhook-token"], "<sealed>")
      assert.strictEqual(event.headers["authorization"], "<sealed>")
      assert.strictEqual(event.headers["x-id"], "one")

      const sql = yield* SqlClient.SqlClient
      yield* eventually(sql`SELECT id FROM rejections WHERE integration_id = ${id}`, (_) => _.length === 1)
      const rows = yield* everything
      assert.include(rows, eventId)
      assertNowhere(rows, token, wrongToken, password, cookie)

      const paths = [
        "/integrations",
        `/integrations/${id}`,
        `/integrations/${id}/destinations`,
        "/events",
        "/deliveries"
      ]
      const details = [
        `/events/${eventId}`,
        `/destinations/${destinations[0]?.id}`,
        `/deliveries/${event.deliveries[0]?.id}`
      ]
      const shown = yield* Effect.forEach([...paths, ...details], (path) => manage(path))
      assert.deepStrictEqual([...new Set(shown.map((_) => _.status))], [200])
      assertNowhere([answer, refused, ...shown].map((_) => _.text).join("\n"), token, wrongToken, password, cookie)
    }))

  it.scoped("cannot become the name of events", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const fields = { slug: "named", name: "n", provider: "token", secrets: [token] }
      const inHeader = (header: string) => manage("/integrations", { ...fields, dedupe: { header } })
      assert.deepStrictEqual(Api.complaints(yield* inHeader("X-Webhook-Token")), ["dedupe.header"])
      assert.deepStrictEqual(Api.complaints(yield* inHeader("authorization")), ["dedupe.header"])
      const own = { ...fields, options: { header: "x-own" }, eventType: { header: "x-own" } }
      assert.deepStrictEqual(Api.complaints(yield* manage("/integrations", own)), ["eventType.header"])
      const { json } = yield* manage("/integrations", fields)
      assert.propertyVal(json, "slug", "named")
      const patch = { dedupe: { header: "x-webhook-token" } }
      assert.deepStrictEqual(Api.complaints(yield* manage("/integrations/named", patch, "PATCH")), ["dedupe.header"])
      const harmless = yield* manage("/integrations/named", { dedupe: { header: "x-id" } }, "PATCH")
      assert.strictEqual(harmless.status, 200)
    }))
})

layer(onTwins(), Api.live)("a secret of an integration", (it) => {
  it.scoped("stands sealed in the database, beside its last four characters", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      const { destinations, send } = yield* Gateway.integration("sealed", callback.url)
      yield* send("one")
      yield* callback.awaitReceived(1)
      const rows = yield* everything
      assertNowhere(rows, Gateway.secret, destinations[0]?.signingSecret ?? "", token)
      assert.include(rows, "…ests")
      const { text } = yield* manage("/integrations/sealed")
      assert.include(text, "\"hint\":\"…ests\"")
      assertNowhere(text, Gateway.secret, destinations[0]?.signingSecret ?? "")
    }))
})
