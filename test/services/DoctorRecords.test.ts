// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { columns, expectations } from "../../src/domain/doctor/Expectations.ts"
import { EventStore } from "../../src/services/store/EventStore.ts"
import { doctor, found } from "../support/Examined.ts"
import { FakeWatch } from "../support/FakeWatch.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

const ground = () => doctor().pipe(Layer.provideMerge(FakeWatch.layer), Layer.provideMerge(stores()))

type Needs = Layer.Layer.Success<ReturnType<typeof ground>>

const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(program, ground()), { timeout: 60_000 })

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

/** The doctor finds only this, with such a detail. */
const finds = (rule: string, detail: string) =>
  Effect.map(found, (findings) => {
    assert.deepStrictEqual(findings.map(([id]) => id), [rule])
    assert.include(findings[0]?.[1], detail)
  })

const findsNothing = Effect.map(found, (findings) => assert.deepStrictEqual(findings, []))

/** An event with a delivery that succeeded at its second attempt. */
const delivered = Effect.gen(function*() {
  const to = yield* Rows.destination()
  const [message] = yield* Rows.deliveries(to, 1)
  yield* Rows.set(message, "state = 'delivered', due_at = NULL, next_attempt = 3, attempt_count = 2")
  yield* attempt("failure", 1)
  yield* attempt("success", 2)
  return to
})

const attempt = (outcome: string, number: number, generation = 1) =>
  run(`
    INSERT INTO attempts (delivery_id, generation, number, started_at, duration_ms, outcome)
    SELECT id, ${generation}, ${number}, now(), 1, '${outcome}' FROM deliveries`)

/** On a database where one event was delivered: a change by hand, and what the doctor says to it. */
const afterwards = (name: string, statement: string, rule: string, detail: string) =>
  test(
    name,
    Effect.gen(function*() {
      yield* delivered
      yield* findsNothing
      yield* run(statement)
      yield* finds(rule, detail)
    })
  )

describe("the doctor finds", () => {
  afterwards("an event whose content is gone", "DELETE FROM event_bodies", "event-without-body", "dedupe key key-")
  afterwards("a delivery without its event", "DELETE FROM events", "delivery-without-event", "delivered, event")
  afterwards(
    "an unrouted event with a delivery",
    "UPDATE events SET unrouted = true",
    "unrouted-with-delivery",
    "integration"
  )
  afterwards(
    "attempts that are miscounted",
    "UPDATE deliveries SET attempt_count = 3",
    "attempt-count",
    "counted 3, recorded 2"
  )
  afterwards(
    "a delivered one without a success",
    "UPDATE attempts SET outcome = 'failure'",
    "delivered-without-success",
    "0 successes"
  )
  afterwards(
    "a delivered one with two successes",
    "UPDATE attempts SET outcome = 'success'",
    "delivered-without-success",
    "2 successes"
  )
  afterwards(
    "a next attempt that is out of step",
    "UPDATE deliveries SET next_attempt = 2",
    "next-attempt",
    "next 2, last 2"
  )
  afterwards(
    "a secret whose key is not given",
    "UPDATE destinations SET signing_envelope = 'v1.lost.AAAA'",
    "unknown-key",
    "key lost"
  )
  afterwards(
    "sealed headers whose key is not given",
    "UPDATE event_bodies SET sealed_headers = 'v1.gone.AAAA'",
    "unknown-key",
    "key gone"
  )
  afterwards(
    "a body in the default partition",
    `INSERT INTO event_bodies (event_id, received_at, path, query, headers, body)
     VALUES (gen_random_uuid(), now() - interval '1 year', '', '', '{}', '')`,
    "default-partition",
    "event"
  )

  test(
    "an event without a delivery that somebody wanted, but not one that nobody did",
    Effect.gen(function*() {
      yield* delivered
      yield* (yield* EventStore).insert([Rows.newEvent([])])
      yield* findsNothing
      yield* run("UPDATE events SET unrouted = false")
      yield* finds("event-without-delivery", "integration")
    })
  )

  test(
    "attempts without their delivery",
    Effect.gen(function*() {
      yield* delivered
      yield* run("DELETE FROM deliveries")
      yield* run("DELETE FROM events")
      yield* finds("attempt-without-delivery", "generation 1, attempt 2")
    })
  )

  test(
    "partitions that are missing for tomorrow, or not attached",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [tomorrow] = yield* sql<{ readonly day: string }>`
        SELECT to_char((now() AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD') AS day`
      const day = tomorrow?.day
      yield* run(`DROP TABLE event_bodies_${day}`)
      yield* finds("partition-missing", "does not exist")
      yield* run("SELECT ensure_partitions(7)")
      yield* findsNothing
      yield* run(`ALTER TABLE attempts DETACH PARTITION attempts_${day}`)
      yield* finds("partition-missing", "not attached")
    })
  )
})

describe("the doctor leaves alone", () => {
  test(
    "what a replay overtook: the old generation's attempts count, but not for the new one",
    Effect.gen(function*() {
      yield* delivered
      yield* run("UPDATE deliveries SET generation = 2, next_attempt = 2, attempt_count = 3")
      yield* attempt("success", 1, 2)
      yield* findsNothing
    })
  )

  test(
    "secrets that are not valid any more, and those of what was deleted",
    Effect.gen(function*() {
      yield* delivered
      yield* run(`
        INSERT INTO integration_secrets (id, integration_id, envelope, hint, valid_until)
        SELECT gen_random_uuid(), id, 'v1.lost.AAAA', '', now() FROM integrations`)
      yield* run("UPDATE destinations SET signing_envelope = 'v1.lost.AAAA', deleted_at = now()")
      yield* findsNothing
      yield* run("UPDATE integration_secrets SET valid_until = NULL")
      yield* finds("unknown-key", "key lost")
      yield* run("UPDATE integrations SET deleted_at = now()")
      yield* findsNothing
    })
  )

  test(
    "an event whose content is older than what is certainly kept",
    Effect.gen(function*() {
      yield* delivered
      yield* run("DELETE FROM event_bodies")
      yield* run("DELETE FROM attempts")
      yield* run("UPDATE events SET received_at = now() - interval '2 days'")
      yield* run("UPDATE deliveries SET event_received_at = now() - interval '2 days'")
      yield* findsNothing
    })
  )
})

describe("every state of a delivery", () => {
  const value = { claim_token: "gen_random_uuid()" } as Readonly<Record<string, string>>
  const wanted = { set: true, any: true, none: false }
  const assign = (column: string, filled: boolean) => `${column} = ${filled ? value[column] ?? "now()" : "NULL"}`

  test(
    "is contradicted by each column that is missing or should not be there, and by no other",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const [message] = yield* Rows.deliveries(to, 1)
      for (const [state, expected] of Object.entries(expectations)) {
        const right = columns.map((column) => assign(column, wanted[expected[column]]))
        yield* attempts(state)
        const become = (assignments: ReadonlyArray<string>) =>
          Rows.set(message, [`state = '${state}'`, ...assignments].join(", "))
        yield* become(right)
        yield* findsNothing
        for (const [index, column] of columns.entries()) {
          yield* become(right.with(index, assign(column, !wanted[expected[column]])))
          const problem = { set: `${column} is missing`, none: `${column} is set`, any: "" }[expected[column]]
          yield* problem === "" ? findsNothing : finds("columns-contradict-state", problem)
        }
      }
    })
  )

  // One that is delivered has a success.
  const attempts = (state: string) =>
    state === "delivered"
      ? Effect.zipRight(run("UPDATE deliveries SET next_attempt = 2, attempt_count = 1"), attempt("success", 1))
      : Effect.zipRight(run("UPDATE deliveries SET next_attempt = 1, attempt_count = 0"), run("DELETE FROM attempts"))
})
