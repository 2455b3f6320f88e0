import { SqlClient, type SqlError, type Statement } from "@effect/sql"
import { Cause, Data, Effect, Option, ParseResult, Predicate, Schedule, Schema } from "effect"
import * as PoolShare from "./PoolShare.ts"

/**
 * `Unavailable`: PostgreSQL cannot be reached or cannot work now. `Rejected`: it does not take this data. `Conflict`:
 * something unique is there already. `Contended`: others were in the way again and again.
 */
export class StoreError extends Data.TaggedError("StoreError")<{
  readonly reason: "Unavailable" | "Rejected" | "Conflict" | "Contended"
  readonly cause: unknown
}> {
  // So that a log tells one from another.
  override get message(): string {
    return this.reason
  }
}

/** Deadlocks and serialization failures undo themselves; a few tries settle them. */
const contention = Schedule.exponential("5 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(6)))

/**
 * The edge of every use of SQL: driver errors become a StoreError, or a defect where the statement itself is wrong. A
 * commit's failure, which the driver reports as a defect, is an error too. Contention is tried again, by the
 * transaction where there is one around it.
 */
export const guarded = <A, E, R>(
  effect: Effect.Effect<A, E | SqlError.SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreError, R> => {
  const classified = effect.pipe(
    Effect.catchAllDefect((defect) => isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)),
    Effect.catchIf(isSqlError, classify)
  )
  return Effect.flatMap(
    Effect.serviceOption(SqlClient.TransactionConnection),
    (around) =>
      Option.isSome(around)
        ? classified
        // A schedule costs more than all else around a statement, and next to none needs it.
        : PoolShare.within(Effect.catchIf(classified, isContended, (error) => again(classified, error)))
  )
}

/** Tries again what has failed once. */
const again = <A, E, R>(effect: Effect.Effect<A, E, R>, first: E): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let isFirst = true
    const next = Effect.suspend(() => {
      if (!isFirst) return effect
      isFirst = false
      return Effect.fail(first)
    })
    return Effect.retry(next, Schedule.whileInput(contention, isContended))
  })

/** One transaction, guarded. The isolation is PostgreSQL's default, read committed. */
export const transaction = <A, E, R>(
  sql: SqlClient.SqlClient,
  effect: Effect.Effect<A, E | SqlError.SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreError, R> => guarded(sql.withTransaction(effect))

/** One transaction whose statements look rows up by an index, whatever the statistics say, and read no table or index whole. */
export const indexed = <A, E, R>(
  sql: SqlClient.SqlClient,
  effect: Effect.Effect<A, E | SqlError.SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreError, R> =>
  transaction(
    sql,
    Effect.zipRight(
      sql`
        SELECT set_config(name, 'off', true)
        FROM unnest(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']) AS name`,
      effect
    )
  )

const planMark = "/* plan kept */"

/**
 * Begins a statement that every webhook needs: PostgreSQL plans it once for each connection, and keeps the plan however the
 * tables grow. So that no plan reads a table or an index whole, be they empty when it is made, such a statement looks a row
 * up by a LATERAL with a limit, in the order in which rows are locked, and what it changes it names by `id = ANY(ARRAY(…))`
 * besides joining it. What it is given begins with an array out of a subselect: a plan for just as many would look better
 * than the one that is kept.
 */
export const planKept = (sql: SqlClient.SqlClient): Statement.Fragment => sql.literal(planMark)

export const keepsPlan = (text: string): boolean => text.startsWith(planMark)

/**
 * What decodes rows, to be made once where that is done often: making it costs more than decoding some rows. What the database
 * holds was written by us, so a row that does not decode is a defect.
 */
export const rows = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(Schema.Array(schema))
  return (raw: ReadonlyArray<unknown>): Effect.Effect<ReadonlyArray<A>> =>
    Effect.catchTag(
      decode(raw),
      "ParseError",
      (error) => Effect.die(new Cause.RuntimeException(ParseResult.TreeFormatter.formatErrorSync(error)))
    )
}

const isSqlError = (error: unknown): error is SqlError.SqlError => Predicate.isTagged(error, "SqlError")

export const isStoreError = (error: unknown): error is StoreError => Predicate.isTagged(error, "StoreError")

/** Whether PostgreSQL does not take what was sent: one such row must not fail the others of its batch. */
export const isRejected = (cause: Cause.Cause<StoreError>): boolean =>
  cause._tag === "Fail" && cause.error.reason === "Rejected"

/** Whether a statement was ended because it took longer than it may. */
export const isOverTime = (error: StoreError): boolean => codeOf(error) === "57014"

const codeOf = ({ cause }: { readonly cause?: unknown }): string =>
  Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : ""

const isContended = (error: unknown): boolean => isStoreError(error) && error.reason === "Contended"

const classify = (error: SqlError.SqlError): Effect.Effect<never, StoreError> => {
  const code = codeOf(error)
  if (code === "40001" || code === "40P01") return new StoreError({ reason: "Contended", cause: error.cause })
  if (code === "23505") return new StoreError({ reason: "Conflict", cause: error.cause })
  if (/^(?:22|23)...$/.test(code)) return new StoreError({ reason: "Rejected", cause: error.cause })
  // 42P01 is a table that is not there: the migrations have not run yet.
  if (/^42...$/.test(code) && code !== "42P01") return Effect.die(error)
  return new StoreError({ reason: "Unavailable", cause: error.cause })
}
