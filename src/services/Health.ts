import { SqlClient } from "@effect/sql"
import { Cache, Cause, Clock, Context, Duration, Effect, Fiber, Layer, Option, Predicate, Schema } from "effect"
import { Broker } from "./ports/Broker.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import { rows } from "./store/Store.ts"

export const Check = Schema.Struct({
  status: Schema.Literal("ok", "down"),
  latencyMs: Schema.Int,
  error: Schema.optionalWith(Schema.String, { exact: true })
})
export type Check = typeof Check.Type

export const Report = Schema.Struct({
  status: Schema.Literal("ok", "degraded"),
  checks: Schema.Struct({ postgres: Check, redis: Check, rabbitmq: Check })
})
export type Report = typeof Report.Type

/** What a worker cannot do without. */
export interface Carrying {
  readonly status: Report["status"]
  readonly checks: Pick<Report["checks"], "postgres" | "rabbitmq">
}

/** Whether the three servers answer. */
export class Health extends Context.Tag("sluice/services/Health")<Health, {
  readonly report: Effect.Effect<Report>
  /** Whether webhooks can be accepted: PostgreSQL alone decides. */
  readonly ready: Effect.Effect<Check>
  /** Whether deliveries can be carried: they come from RabbitMQ, and stand in PostgreSQL. */
  readonly carrying: Effect.Effect<Carrying>
}>() {
  static readonly layer = Layer.effect(Health, Effect.suspend(() => make))
}

/** The newest migration that this version cannot do without. */
export const schemaVersion = 13

const patience = Duration.seconds(2)
/** What was found is told for so long: anybody may ask, and takes no connection from those who work. */
export const keep = Duration.millis(250)
// PostgreSQL's SQLSTATE for a table that is not there.
const undefinedTable = "42P01"

const make = Effect.gen(function*() {
  const broker = yield* Broker
  const coordination = yield* Coordination
  const { migrationsTable } = yield* Settings
  const sql = yield* SqlClient.SqlClient

  const migration = sql`SELECT max(migration_id) AS migration FROM ${sql(migrationsTable)}`.pipe(
    Effect.flatMap(rows(Schema.Struct({ migration: Schema.NullOr(Schema.Int) }))),
    Effect.map(([found]) => found?.migration ?? 0)
  )
  const writes = sql`
    SELECT current_setting('transaction_read_only') = 'on' AS "readOnly",
      coalesce(has_table_privilege(to_regclass(${migrationsTable}), 'SELECT'), false) AS "isTold"
    FROM directory_version`.pipe(
    Effect.flatMap(rows(Schema.Struct({ readOnly: Schema.Boolean, isTold: Schema.Boolean })))
  )
  const postgres = yield* check(Effect.gen(function*() {
    const [found] = yield* writes
    if (found === undefined) return yield* Effect.fail("the database is empty: run npm run db:migrate")
    if (found.readOnly) {
      return yield* Effect.fail("it is read-only here: the server was demoted, or writing is switched off")
    }
    // Who may not know what was migrated is not kept from working.
    const reached = found.isTold ? yield* migration : schemaVersion
    if (reached < schemaVersion) {
      return yield* Effect.fail(
        `the database is at migration ${reached}, before ${schemaVersion}: run npm run db:migrate`
      )
    }
  }))
  const redis = yield* check(coordination.check)
  const rabbitmq = yield* check(broker.check)

  return Health.of({
    ready: postgres,
    carrying: Effect.map(
      Effect.all({ postgres, rabbitmq }, { concurrency: "unbounded" }),
      (checks) => ({ status: statusOf(checks), checks })
    ),
    report: Effect.map(
      Effect.all({ postgres, redis, rabbitmq }, { concurrency: "unbounded" }),
      (checks) => ({ status: statusOf(checks), checks })
    )
  })
})

const statusOf = (checks: Readonly<Record<string, Check>>): Report["status"] =>
  Object.values(checks).every((_) => _.status === "ok") ? "ok" : "degraded"

/** However many ask at the same time, the server is asked once, and for all of them whoever goes away. */
const check = <E>(effect: Effect.Effect<unknown, E>): Effect.Effect<Effect.Effect<Check>> =>
  Effect.map(
    Cache.make({
      capacity: 1,
      timeToLive: keep,
      // In a fiber of its own, as nobody who waits for it can be interrupted.
      lookup: (asked: Effect.Effect<unknown, E>) =>
        Effect.flatMap(Effect.forkDaemon(Effect.interruptible(measured(asked))), Fiber.join)
    }),
    (cache) => Effect.disconnect(Effect.uninterruptible(cache.get(effect)))
  )

const measured = <E>(effect: Effect.Effect<unknown, E>): Effect.Effect<Check> =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    const error = yield* effect.pipe(
      // What waits for a silent server may take its time to give up.
      Effect.disconnect,
      Effect.timeoutFail({ duration: patience, onTimeout: () => `no answer within ${Duration.format(patience)}` }),
      Effect.sandbox,
      Effect.flip,
      Effect.map((cause) => describe(Cause.squash(cause))),
      Effect.option
    )
    const latencyMs = Math.round((yield* Clock.currentTimeMillis) - before)
    return Option.match(error, {
      onNone: (): Check => ({ status: "ok", latencyMs }),
      onSome: (error) => ({ status: "down", latencyMs, error })
    })
  })

// Only the kind of trouble: an address or a user name in a driver's message is nobody's business out there.
const describe = (error: unknown): string => {
  if (Predicate.isString(error)) return error
  const code = Predicate.hasProperty(error, "cause") && Predicate.hasProperty(error.cause, "code")
    ? error.cause.code
    : undefined
  if (code === undefinedTable) return "the database is not migrated: run npm run db:migrate"
  const reason = Predicate.hasProperty(error, "reason") ? error.reason : undefined
  return [reason, code].filter(Predicate.isString).join(": ") || "unavailable"
}
