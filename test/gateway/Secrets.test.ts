import { SqlClient } from "@effect/sql"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Redis } from "ioredis"
import { Broker } from "../../src/services/ports/Broker.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import { everything, found, type Secrets } from "../support/SecretSearch.ts"
import { Overheard, recording, run, secrets, shown, withoutShown, world } from "./SecretRun.ts"

const latin1 = (all: ReadonlyArray<Buffer>) => all.map((_) => _.toString("latin1")).join("\n")

describe.runIf(Grounds.realServers)("a secret", () => {
  layer(world, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.scoped(
      "is in no log, in neither Redis nor RabbitMQ, in no answer, and nowhere in plain in the database",
      () =>
        Effect.gen(function*() {
          const { answers, gateway } = yield* recording
          const { lines, rabbitMq, redis } = yield* Overheard
          const { integration, received, signing } = yield* Effect.provideService(run, Gateway.Gateway, gateway)
          assert.strictEqual(signing.length, 13)
          const all: Secrets = { ...secrets, ...Object.fromEntries(signing.map((_, index) => [`signing ${index}`, _])) }

          const places = {
            logs: Effect.sync(() => lines.join("\n")),
            redis: Effect.map(redis.heard, latin1),
            rabbitMq: Effect.map(rabbitMq.heard, latin1),
            answers: Effect.sync(() => answers.map(withoutShown).join("\n")),
            database: everything
          }
          const look = Effect.forEach(
            Object.entries(places),
            ([place, text]) =>
              Effect.map(text, (_) => [place, _.length > 200 ? found(_, all) : ["too little to look at"]] as const)
          )
          assert.deepStrictEqual(yield* look, Object.keys(places).map((place) => [place, []] as const))
          assert.deepStrictEqual(answers.filter((_) => _.status !== 201).flatMap(shown), [])

          // Callbacks get what the provider sent them, and nothing of what is between the gateway and others.
          const { "a token": _, ...own } = all
          const got = received.map(({ body, headers, url }) => JSON.stringify({ url, headers, body: body.toString() }))
          assert.isAbove(got.length, 8)
          assert.deepStrictEqual(found(got.join("\n"), own), [])
          assert.isTrue(got.some((_) => _.includes(secrets["a token"])))

          // Each place would tell.
          const planted = secrets["the key of a signature"]
          const { queues } = yield* Settings
          const sql = yield* SqlClient.SqlClient
          yield* Effect.logTrace("planted", { deep: [Buffer.from(planted).toString("base64")] })
          yield* Effect.promise(async () => {
            const client = new Redis(redis.url)
            await client.set(`planted:${queues.process}`, planted, "PX", 1)
            client.disconnect()
          })
          yield* (yield* Broker).publish([{ queue: queues.deadLetter, content: JSON.stringify({ planted }) }])
          yield* gateway.manage(integration, { name: planted }, "PATCH")
          yield* sql`UPDATE event_bodies SET body = ${Buffer.from(`a ${planted} b`)} WHERE path = ''`
          const told = yield* look
          assert.deepStrictEqual(told.filter(([, names]) => !names.some((_) => _.startsWith("the key of a sig"))), [])
        }),
      { timeout: 90_000 }
    )

    it.effect("that a callback shows of what it was sent is not kept", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const bodies = yield* sql<{ readonly body: string }>`
          SELECT response_body AS body FROM attempts WHERE response_body LIKE '%x-webhook-token%'`
        assert.isAbove(bodies.length, 0)
        assert.deepStrictEqual(bodies.filter(({ body }) => !body.includes("\"x-webhook-token\":\"<sealed>\"")), [])
      }))

    it.effect("stands in envelopes that are sealed anew with the others", () =>
      Effect.gen(function*() {
        const rows = yield* everything
        const columns = new Set([...rows.matchAll(/"(\w+)":"v1\.test\.[\w-]{38,}"/g)].map((_) => _[1]))
        assert.sameMembers([...columns], [
          "envelope",
          "next_signing_envelope",
          "sealed_headers",
          "signing_envelope",
          "verify_token_envelope"
        ])
      }))
  })
})
