import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as Api from "../http/Api.ts"
import * as Routes from "../http/management/Routes.ts"
import * as Gateway from "../support/Gateway.ts"
import { managementKey } from "../support/ManagementKey.ts"
import * as Connection from "./Connection.ts"
import * as Targets from "./generators/Targets.ts"
import { fresh, ground, live, send, stored, unharmed } from "./Ground.ts"
import { runs } from "./Runs.ts"

const slug = "paths"
const guarded = Targets.target([
  ...Routes.guarded.map(({ path }) => path),
  "/api/v1/integrations/paths",
  "/api/v1/internal/delivery-sink/a"
])
const webhooks = Targets.target([`/api/v1/webhooks/${slug}`, `/api/v1/webhooks/${slug}/a/b`])

const get = (target: string, headers: ReadonlyArray<string> = []) =>
  Connection.whole([`GET ${target} HTTP/1.1`, "host: a", "connection: close", ...headers, "", ""].join("\r\n"))

const post = (target: string, signature: string, body = "{}") =>
  Connection.whole([
    `POST ${target} HTTP/1.1`,
    "host: a",
    "connection: close",
    `x-signature: ${signature}`,
    `content-length: ${body.length}`,
    "",
    body
  ].join("\r\n"))

const many = (target: FastCheck.Arbitrary<string>) => FastCheck.array(target, { minLength: 100, maxLength: 100 })

layer(ground, live)("a path with a trick in it", (it) => {
  it.effect("has an integration to aim at", () => Gateway.integration(slug, "http://127.0.0.1:9/hook"))

  it.effect.prop("leads nowhere without the key", [many(guarded)], ([targets]) =>
    Effect.gen(function*() {
      const exchanges = yield* send(targets.map((_) => get(_)))
      const led = exchanges.flatMap(({ answers, sent }) =>
        answers.filter((_) => _.status < 400 && !/"status":"ok"|<title>/.test(_.text)).map(() => Connection.show(sent))
      )
      assert.deepStrictEqual(led, [])
    }), runs(2))

  it.effect.prop(
    "leads to nothing but data and documents with it",
    [many(guarded)],
    ([targets]) =>
      Effect.gen(function*() {
        const exchanges = yield* send(targets.map((_) => get(_, [`authorization: Bearer ${managementKey}`])))
        for (const { status, text } of exchanges.flatMap(({ answers }) => answers)) {
          if (status === 200) assert.match(text, /^(?:\{|<!doctype html>)/)
        }
      }),
    runs(2)
  )

  it.effect.prop("stores nothing that was not signed", [many(webhooks)], ([targets]) =>
    Effect.gen(function*() {
      const exchanges = yield* send(targets.map((_) => post(_, Api.signature("something else"))))
      assert.isEmpty(exchanges.flatMap(({ answers }) => answers).filter((_) => _.status < 400))
      assert.isEmpty(yield* stored(slug))
    }), runs(2))

  it.effect.prop("is kept with an event as it was sent", [many(webhooks)], ([targets]) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const bodies = targets.map((target) => fresh(JSON.stringify(target)))
      const sent = targets.map((target, index) => post(target, Api.signature(bodies[index] ?? ""), bodies[index]))
      const exchanges = yield* send(sent)
      const accepted = targets.flatMap((target, index) =>
        exchanges[index]?.answers[0]?.status === 202 ? [[bodies[index], target] as const] : []
      )
      const kept = yield* sql<{ readonly body: Buffer; readonly path: string; readonly query: string }>`
        SELECT body, path, query FROM event_bodies`
      const targetOf = new Map(
        kept.map((_) => [_.body.toString(), `/api/v1/webhooks/${slug}${_.path}${_.query === "" ? "" : `?${_.query}`}`])
      )
      for (const [body = "", target] of accepted) {
        // The router takes the prefix in any case.
        const prefix = `/api/v1/webhooks/${slug}`
        assert.strictEqual(targetOf.get(body), `${prefix}${target.slice(prefix.length).replace(/\?$/, "")}`)
      }
      assert.isAbove(accepted.length, 0)
    }), runs(2))

  it.effect("leaves the gateway as it was", () => unharmed)
})
