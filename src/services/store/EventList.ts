import type { SqlClient, SqlError, Statement } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import type { EventStatus } from "../../domain/Event.ts"
import type { IntegrationId } from "../../domain/Ids.ts"
import { type Bounds, given, within } from "./Conditions.ts"
import * as EventJson from "./EventJson.ts"
import { millisOf } from "./IdTime.ts"
import * as Search from "./Search.ts"
import { rows } from "./Store.ts"

export interface EventQuery extends Bounds {
  readonly integrationId: Option.Option<IntegrationId>
  readonly type: Option.Option<string>
  readonly status: Option.Option<EventStatus>
  readonly dedupeKey: Option.Option<string>
  readonly limit: number
}

/** How many events are looked at for a page. */
export const window = 2_000

/** The events that match, the newest first: by which index, is seen first where it depends on what there is. */
export const search = (
  sql: SqlClient.SqlClient,
  query: EventQuery,
  most = window
): Effect.Effect<Search.Search, SqlError.SqlError> => {
  const { integrationId, status, type } = query
  const one = Option.getOrUndefined(status)
  if (Option.isSome(query.dedupeKey)) return Effect.succeed(byKey(sql, query, query.dedupeKey.value, most))
  if (one === "failed") return Effect.succeed(byFailures(sql, query, most))
  if (one === "unrouted") return Effect.succeed(byThemselves(sql, query, { integrationId, unrouted: true }, most))
  const byOneOfBoth = Option.isSome(integrationId) && Option.isSome(type)
    ? Effect.map(
      reachesFurther(sql, query, integrationId.value, type.value, most),
      (integration) => byThemselves(sql, query, integration ? { integrationId } : { type }, most)
    )
    : Effect.succeed(byThemselves(sql, query, { integrationId, type }, most))
  return one === "pending" || one === "delivering"
    ? Effect.if(areFew(sql, most), {
      onTrue: () => Effect.succeed(byOpenDeliveries(sql, query, most)),
      onFalse: () => byOneOfBoth
    })
    : byOneOfBoth
}

const Answer = Schema.Struct({ yes: Schema.Boolean })

const ask = (question: Statement.Statement<unknown>) =>
  Effect.map(Effect.flatMap(question, rows(Answer)), (answers) => answers.some((_) => _.yes))

/** Whether so many deliveries are to go on by themselves, and no more. */
export const areFewStatement = (sql: SqlClient.SqlClient, most: number) =>
  sql`
    SELECT count(*) <= ${most} AS yes FROM (
      SELECT FROM deliveries WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT ${most + 1}
    ) AS due`

const areFew = (sql: SqlClient.SqlClient, most: number) => ask(areFewStatement(sql, most))

/** Whether so many events of the integration reach further back than as many of the type. */
export const reachesFurtherStatement = (
  sql: SqlClient.SqlClient,
  query: EventQuery,
  integrationId: string,
  type: string,
  most: number
) => {
  const last = (condition: Statement.Fragment, leading: string) =>
    sql`(
      SELECT id FROM events WHERE ${sql.and([condition, ...within(sql, "id", query)])}
      ORDER BY ${sql(leading)} DESC, id DESC LIMIT 1 OFFSET ${most - 1}
    )`
  return sql`
    SELECT integration IS NULL OR coalesce(integration < type, false) AS yes FROM (
      SELECT ${last(Search.heldTo(sql, "integration_id", "uuid", integrationId), "integration_id")} AS integration,
        ${last(Search.heldTo(sql, "type", "text", type), "type")} AS type
    ) AS reached`
}

const reachesFurther = (...given: Parameters<typeof reachesFurtherStatement>) => ask(reachesFurtherStatement(...given))

interface Narrowing {
  readonly integrationId?: EventQuery["integrationId"]
  readonly type?: EventQuery["type"]
  readonly unrouted?: boolean
}

/** Out of an index of the events. */
const byThemselves = (
  sql: SqlClient.SqlClient,
  query: EventQuery,
  { integrationId = Option.none(), type = Option.none(), unrouted = false }: Narrowing,
  most: number
): Search.Search => {
  const told = [
    ...given(integrationId, (_) => Search.heldTo(sql, "integration_id", "uuid", _)),
    ...given(type, (_) => Search.heldTo(sql, "type", "text", _)),
    ...(unrouted ? [sql`unrouted`] : []),
    ...within(sql, "id", query)
  ]
  return {
    candidates: sql`SELECT * FROM events WHERE ${sql.and(told)}`,
    leading: Option.isSome(integrationId) ? ["integration_id"] : Option.isSome(type) ? ["type"] : [],
    values: (candidates) =>
      sql`SELECT candidate.id, ${EventJson.eventJson(sql, "candidate")} AS value
        FROM ${candidates} AS candidate, ${EventJson.progress(sql, "candidate")}`,
    filters: filters(sql, "candidate", {
      ...query,
      integrationId: Option.isSome(integrationId) ? Option.none() : query.integrationId,
      type: Option.isSome(type) ? Option.none() : query.type
    }),
    window: most,
    limit: query.limit
  }
}

/** By the deliveries that have failed. */
const byFailures = (sql: SqlClient.SqlClient, query: EventQuery, most: number): Search.Search => {
  const told = given(query.integrationId, (_) => Search.heldTo(sql, "integration_id", "uuid", _))
  const leading = told.map(() => "integration_id")
  return {
    ...byIds(sql, { ...query, integrationId: Option.none() }, most),
    candidates: sql`
      SELECT DISTINCT ${sql.literal([...leading, "event_id"].join(", "))} AS id FROM deliveries
      WHERE ${sql.and([...told, sql`failed_at > '-infinity'`, ...within(sql, "event_id", query)])}`,
    leading
  }
}

/** By the deliveries that are held and the few that are due, now or later. */
const byOpenDeliveries = (sql: SqlClient.SqlClient, query: EventQuery, most: number): Search.Search => ({
  ...byIds(sql, query, most),
  candidates: sql`
    SELECT DISTINCT event_id AS id FROM (
      (
        SELECT DISTINCT event_id FROM deliveries
        WHERE ${sql.and([sql`held_at > '-infinity'`, ...within(sql, "event_id", query)])}
        ORDER BY event_id DESC LIMIT ${most}
      )
      UNION ALL
      SELECT event_id FROM (SELECT event_id FROM deliveries WHERE due_at IS NOT NULL ORDER BY due_at, id OFFSET 0) AS due
      WHERE ${sql.and(within(sql, "event_id", query))}
    ) AS open`,
  leading: []
})

/** Each event by its id and in no other way, one after the other. */
const byIds = (sql: SqlClient.SqlClient, query: EventQuery, most: number) => ({
  values: (candidates: Statement.Fragment) =>
    sql`SELECT candidate.id, ${EventJson.eventJson(sql, "e")} AS value
      FROM ${candidates} AS candidate, LATERAL (SELECT * FROM events WHERE id = candidate.id OFFSET 0) AS e,
        ${EventJson.progress(sql, "e")}`,
  filters: filters(sql, "e", query),
  window: most,
  limit: query.limit
})

/** At most one of each integration: each is looked up by itself, for the sake of the one index on the key. */
const byKey = (sql: SqlClient.SqlClient, query: EventQuery, key: string, most: number): Search.Search => ({
  ...byThemselves(sql, query, {}, most),
  candidates: sql`
    SELECT e.* FROM integrations i,
      LATERAL (SELECT * FROM events WHERE integration_id = i.id AND dedupe_key = ${key} OFFSET 0) AS e
    WHERE ${
    sql.and([
      ...given(query.integrationId, (_) => sql`i.id = ${_}`),
      ...within(sql, "e.id", query)
    ])
  }`
})

const filters = (
  sql: SqlClient.SqlClient,
  table: "candidate" | "e",
  { from, integrationId, status, to, type }: EventQuery
): ReadonlyArray<Statement.Fragment> => {
  const e = sql(table)
  return [
    ...given(integrationId, (_) => sql`${e}.integration_id = ${_}`),
    ...given(type, (_) => sql`${e}.type = ${_}`),
    ...given(from, (_) => sql`${e}.received_at >= ${new Date(millisOf(_))}`),
    ...given(to, (_) => sql`${e}.received_at < ${new Date(millisOf(_))}`),
    ...given(status, (_) => sql`progress.status = ${_}`)
  ]
}
