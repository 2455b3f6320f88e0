import { SqlClient, type Statement } from "@effect/sql"
import { Context, Effect, Either, Layer, Schema } from "effect"
import { type Found, Subject } from "../../domain/doctor/Rule.ts"
import type { Check, View } from "./doctor/Check.ts"
import { rows, type StoreError, transaction } from "./Store.ts"

/** Looks at the database, and changes nothing in it. */
export class DoctorStore extends Context.Tag("sluice/services/store/DoctorStore")<DoctorStore, {
  /** What breaks each rule, in order, or why it was not looked at. All see one moment of the database. */
  readonly examine: (
    checks: ReadonlyArray<Check>,
    view: View
  ) => Effect.Effect<ReadonlyArray<Either.Either<Found, string>>, StoreError>
}>() {
  static readonly layer = Layer.effect(DoctorStore, Effect.suspend(() => make))
}

const countedAtMost = 1_000
const examplesAtMost = 5

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const examine = Effect.fnUntraced(function*(check: Check, view: View) {
    const query = check.query(sql, view)
    if (Either.isLeft(query)) return Either.left(query.left)
    const [found] = yield* Effect.flatMap(statement(sql, query.right), rows(Row))
    return Either.right(found === undefined ? nothing : limited(found))
  })

  return DoctorStore.of({
    examine: Effect.fn("DoctorStore.examine")((checks, view) =>
      transaction(sql, Effect.zipRight(settings(sql), Effect.forEach(checks, (check) => examine(check, view))))
    )
  })
})

const nothing: Found = { count: 0, atLeast: false, examples: [] }

const limited = ({ count, examples }: typeof Row.Type): Found => ({
  count: Math.min(count, countedAtMost),
  atLeast: count > countedAtMost,
  examples
})

/** For the transaction that looks: nothing is written, and all rules see one snapshot. */
export const settings = (sql: SqlClient.SqlClient) =>
  Effect.all([
    sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`,
    // Whatever its statistics say: right after a restore there are none.
    sql`SET LOCAL enable_seqscan = off`,
    sql`SET LOCAL jit = off`
  ], { discard: true })

/** A rule's query, counted up to a limit, with the first few of what it finds. */
export const statement = (sql: SqlClient.SqlClient, query: Statement.Fragment): Statement.Statement<unknown> =>
  sql`
    SELECT count(*)::int AS count,
      coalesce(
        json_agg(json_build_object('subject', subject, 'detail', detail)) FILTER (WHERE place <= ${examplesAtMost}), '[]'
      ) AS examples
    FROM (
      SELECT subject, detail, row_number() OVER () AS place FROM (${query}) AS found LIMIT ${countedAtMost + 1}
    ) AS found`

const Row = Schema.Struct({ count: Schema.Int, examples: Schema.Array(Subject) })
