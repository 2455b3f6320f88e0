import type { SqlClient, Statement } from "@effect/sql"
import { Duration, type Either } from "effect"
import type { Depths } from "../../../domain/doctor/Depths.ts"
import type { Rule } from "../../../domain/doctor/Rule.ts"
import type { Graces } from "../../Graces.ts"

/** How much of a table that grows a check looks at. */
export interface Windows {
  /** Of the newest rows. */
  readonly recent: number
  /** Of the open deliveries that have been due longest: what is stuck comes to be among them. */
  readonly oldest: number
  /** Of open deliveries, where they are only counted. */
  readonly counted: number
  /** Rows of this age are there, however short the retention is. */
  readonly kept: Duration.Duration
}

export const windows: Windows = { recent: 10_000, oldest: 10_000, counted: 500_000, kept: Duration.days(1) }

/** What checks may know. A left says why something is not known. */
export interface View {
  readonly graces: Graces
  readonly windows: Windows
  readonly depths: Either.Either<Depths, string>
  /** The ids of the keys in ENCRYPTION_KEYS. */
  readonly keyIds: Either.Either<ReadonlyArray<string>, string>
}

/** A rule that looks at the database. */
export interface Check extends Rule {
  /** Selects `subject` and `detail` of whatever breaks the rule, both as text; a left says why it cannot. */
  readonly query: (sql: SqlClient.SqlClient, view: View) => Either.Either<Statement.Fragment, string>
}

export const interval = (sql: SqlClient.SqlClient, duration: Duration.Duration): Statement.Fragment =>
  sql`${Duration.toMillis(duration)}::float8 * interval '1 millisecond'`

/** The database's time so long ago. */
export const ago = (sql: SqlClient.SqlClient, duration: Duration.Duration): Statement.Fragment =>
  sql`now() - ${interval(sql, duration)}`

/** A time as text for a person. */
export const utc = (sql: SqlClient.SqlClient, time: string): Statement.Fragment =>
  sql`to_char(${sql.literal(time)} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')`

/** The deliveries that have been due longest. */
export const oldest = (sql: SqlClient.SqlClient, { graces, windows }: View): Statement.Fragment =>
  sql`(
    SELECT * FROM deliveries WHERE due_at < ${ago(sql, graces.beforeMarker)} ORDER BY due_at, id LIMIT ${windows.oldest}
  )`

/** The newest deliveries. */
export const recentDeliveries = (sql: SqlClient.SqlClient, { windows }: View): Statement.Fragment =>
  sql`(SELECT * FROM deliveries ORDER BY id DESC LIMIT ${windows.recent})`

/** The newest events. */
export const recentEvents = (sql: SqlClient.SqlClient, { windows }: View): Statement.Fragment =>
  sql`(SELECT * FROM events ORDER BY id DESC LIMIT ${windows.recent})`

/**
 * When the marker was published that the sweeper goes by. The oldest that is back: it forgets that one no sooner than it
 * begins to look for what a newer one shows to be lost.
 */
export const markerPublished = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`(SELECT published_at FROM sweep_markers WHERE returned_at IS NOT NULL ORDER BY published_at LIMIT 1)`
