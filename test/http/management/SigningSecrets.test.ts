import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { Webhook } from "standardwebhooks"
import * as Callback from "../../support/Callback.ts"
import * as Client from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import { onTwins } from "../../support/Gateways.ts"
import * as Api from "../Api.ts"

const nobody = "019ab1f0-0000-7000-8000-000000000000"

const make = Effect.fnUntraced(function*(slug: string) {
  const callback = yield* Callback.make
  const { destinations: [destination], send } = yield* Gateway.integration(slug, callback.url)
  const id = destination?.id ?? ""
  let sent = 0
  /** Which of some secrets convince the receiver of another delivery. */
  const convinced = (...secrets: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      yield* send(`event-${++sent}`)
      const got = (yield* callback.awaitReceived(sent))[sent - 1]
      return secrets.map((secret) => {
        try {
          new Webhook(secret).verify(got?.body.toString() ?? "", Callback.headersOf(got))
          return true
        } catch {
          return false
        }
      })
    })
  return { id, first: destination?.signingSecret ?? "", convinced }
})

const rotate = Effect.fnUntraced(function*(id: string, overlapSeconds?: number) {
  const { operator: { secrets } } = yield* Client.Clients
  return yield* secrets.rotateSigning({ path: { id }, payload: overlapSeconds === undefined ? {} : { overlapSeconds } })
})

layer(Layer.provideMerge(Client.Clients.layer, onTwins()), Api.live)("a destination's signing secret", (it) => {
  it.scoped("signs beside the next one during the overlap, and no more after it", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const sql = yield* SqlClient.SqlClient
      const { convinced, first, id } = yield* make("overlapping")
      const { overlapUntil, signingSecret } = yield* rotate(id, 60)
      assert.match(signingSecret, /^whsec_[A-Za-z0-9+/]{32}$/)
      assert.deepStrictEqual(yield* convinced(first, signingSecret), [true, true])
      const shown = yield* manage(`/destinations/${id}`)
      assert.deepInclude(shown.json, {
        signingOverlapUntil: DateTime.formatIso(overlapUntil ?? DateTime.unsafeMake(0))
      })
      assert.notInclude(shown.text, signingSecret)
      yield* Client.refused(rotate(id, 60), "conflict")
      yield* sql`UPDATE destinations SET signing_overlap_until = now() WHERE id = ${id}`
      assert.deepStrictEqual(yield* convinced(first, signingSecret), [false, true])
      assert.deepInclude((yield* manage(`/destinations/${id}`)).json, { signingOverlapUntil: null })
      const { signingSecret: third } = yield* rotate(id, 60)
      assert.deepStrictEqual(yield* convinced(first, signingSecret, third), [false, true, true])
    }))

  it.scoped("ends at once without an overlap, also in the midst of another rotation", () =>
    Effect.gen(function*() {
      const { convinced, first, id } = yield* make("at-once")
      const second = yield* rotate(id)
      const third = yield* rotate(id, 0)
      assert.isNull(third.overlapUntil)
      assert.deepStrictEqual(yield* convinced(first, second.signingSecret, third.signingSecret), [false, false, true])
      assert.strictEqual(yield* Gateway.audited("destination.signing-rotated", id), 2)
    }))

  it.scoped("overlaps for a day unless said otherwise, and for thirty at most", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id } = yield* make("a-day")
      const { overlapUntil } = yield* rotate(id)
      const hours = DateTime.distance(yield* DateTime.now, overlapUntil ?? DateTime.unsafeMake(0)) / 3_600_000
      assert.approximately(hours, 24, 0.1)
      const bad: ReadonlyArray<readonly [unknown, string]> = [
        [{ overlapSeconds: -1 }, "overlapSeconds"],
        [{ overlapSeconds: 2_592_001 }, "overlapSeconds"],
        [{ overlapSeconds: 1.5 }, "overlapSeconds"],
        [{ overlapSeconds: "60" }, "overlapSeconds"],
        [{ overlap: 1 }, "overlap"]
      ]
      for (const [fields, path] of bad) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/destinations/${id}/signing-secrets`, fields)), [path])
      }
    }))

  it.scoped("is not rotated for a destination that is not there, nor without the key", () =>
    Effect.gen(function*() {
      const { convinced, first, id } = yield* make("kept")
      for (const unknown of [nobody, "no-id"]) yield* Client.refused(rotate(unknown), "not_found")
      yield* Client.guarded(({ secrets }) => secrets.rotateSigning({ path: { id }, payload: {} }))
      assert.deepStrictEqual(yield* convinced(first), [true])
    }))
})
