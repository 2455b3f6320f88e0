import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const scheme = { proofs: [{ kind: "token", at: [{ header: "x-key" }] }] }
const fields = { name: "n", provider: "custom", secrets: ["secret"], scheme }

/** An integration whose row was changed by a process that knows more. */
const changed = Effect.fnUntraced(function*(slug: string, set: string) {
  const { manage } = yield* Gateway.Gateway
  const sql = yield* SqlClient.SqlClient
  const { status } = yield* manage("/integrations", { ...fields, slug })
  assert.strictEqual(status, 201)
  yield* sql.unsafe(`UPDATE integrations SET ${set} WHERE slug = '${slug}'`)
})

layer(Api.onTwins(), Api.live)("an integration that a newer revision has made", (it) => {
  it.effect("is shown, named anew and deleted, but neither verified nor bound to another scheme", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* changed("newer", `provider = 'of-tomorrow', options = '{"hue": 3}', scheme = '{"proofs": "new"}'`)
      const { json, status } = yield* manage("/integrations/newer")
      assert.strictEqual(status, 200)
      assert.deepInclude(json, { provider: "of-tomorrow", options: { hue: 3 }, scheme: { proofs: "new" } })
      assert.strictEqual((yield* manage("/integrations")).status, 200)
      const sent = yield* call("/api/v1/webhooks/newer", { body: "{}", headers: { "x-key": "secret" } })
      Api.failed(sent, 503, "unavailable")
      Api.failed(yield* manage("/integrations/newer", { scheme }, "PATCH"), 409, "conflict")
      Api.failed(yield* manage("/integrations/newer", { dedupe: { header: "x-id" } }, "PATCH"), 409, "conflict")
      assert.strictEqual((yield* manage("/integrations/newer", { name: "renamed" }, "PATCH")).status, 200)
      const made = yield* manage("/integrations/newer/destinations", { url: "https://example.com" })
      assert.strictEqual(made.status, 201, made.text)
      assert.deepInclude(made.json, { signatureNames: "sluice" })
    }))

  it.effect("is not verified by the part of its scheme that is known here", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const more = JSON.stringify({ ...scheme, demands: "more" })
      yield* changed("demanding", `scheme = '${more}'`)
      const sent = yield* call("/api/v1/webhooks/demanding", { body: "{}", headers: { "x-key": "secret" } })
      Api.failed(sent, 503, "unavailable")
      yield* changed("filtered", `dedupe = '{"oracle": "of Delphi"}'`)
      const other = yield* call("/api/v1/webhooks/filtered", { body: "{}", headers: { "x-key": "secret" } })
      Api.failed(other, 503, "unavailable")
      yield* changed("composite", `dedupe = '{"header": "x-id", "jsonPath": "$.id"}'`)
      const composite = { body: "{}", headers: { "x-key": "secret", "x-id": "1" } }
      Api.failed(yield* call("/api/v1/webhooks/composite", composite), 503, "unavailable")
      const { manage } = yield* Gateway.Gateway
      assert.strictEqual((yield* manage("/integrations")).status, 200)
    }))

  it.effect("keeps its scheme where its secrets cannot be opened, and is told which key is missing", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const sql = yield* SqlClient.SqlClient
      yield* changed("sealed", "name = 'sealed'")
      yield* sql`
        UPDATE integration_secrets SET envelope = replace(envelope, 'v1.', 'v1.of-yesterday-')
        WHERE integration_id = (SELECT id FROM integrations WHERE slug = 'sealed')`
      const refused = yield* manage("/integrations/sealed", { scheme }, "PATCH")
      Api.failed(refused, 409, "conflict")
      assert.include(refused.text, "ENCRYPTION_KEYS")
    }))
})
