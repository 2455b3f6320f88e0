import { SqlClient, type Statement } from "@effect/sql"
import { Effect, Schema } from "effect"

/** A node of a plan, with what it did. */
export interface Node {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Index Name"?: string
  readonly "Actual Rows": number
  readonly "Actual Loops": number
  readonly "Rows Removed by Filter"?: number
  readonly Plans?: ReadonlyArray<Node>
}

const text = Schema.optionalWith(Schema.String, { exact: true })

const Node: Schema.Schema<Node> = Schema.Struct({
  "Node Type": Schema.String,
  "Relation Name": text,
  "Index Name": text,
  "Actual Rows": Schema.Number,
  "Actual Loops": Schema.Number,
  "Rows Removed by Filter": Schema.optionalWith(Schema.Number, { exact: true }),
  Plans: Schema.optionalWith(Schema.Array(Schema.suspend(() => Node)), { exact: true })
})

const Explained = Schema.Struct({ "QUERY PLAN": Schema.Tuple(Schema.Struct({ Plan: Node })) })

const all = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(all)]

/** The nodes of the plan by which PostgreSQL has carried out the statement. */
export const explain = Effect.fnUntraced(function*(statement: Statement.Statement<unknown>) {
  const sql = yield* SqlClient.SqlClient
  const [query, parameters] = statement.compile()
  const [row] = yield* sql.unsafe(`EXPLAIN (ANALYZE, FORMAT JSON) ${query}`, parameters)
  const { "QUERY PLAN": [{ Plan }] } = yield* Schema.decodeUnknown(Explained)(row)
  return all(Plan)
})

/** Whether it reads a table that grows with the webhooks. */
export const grows = (node: Node): boolean =>
  /^(?:events|event_bodies|deliveries|attempts)/.test(node["Relation Name"] ?? "")

/** How many rows it has looked at. */
export const read = (node: Node): number =>
  (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]
