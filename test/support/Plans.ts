import { type SqlClient, Statement } from "@effect/sql"
import { Data, Effect, Schema } from "effect"

/** A node of a plan, with what it did. */
export interface Node {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Actual Rows": number
  readonly "Actual Loops": number
  readonly "Rows Removed by Filter"?: number
  readonly Plans?: ReadonlyArray<Node>
}

const Node: Schema.Schema<Node> = Schema.Struct({
  "Node Type": Schema.String,
  "Relation Name": Schema.optionalWith(Schema.String, { exact: true }),
  "Actual Rows": Schema.Number,
  "Actual Loops": Schema.Number,
  "Rows Removed by Filter": Schema.optionalWith(Schema.Number, { exact: true }),
  Plans: Schema.optionalWith(Schema.Array(Schema.suspend(() => Node)), { exact: true })
})

const Explained = Schema.Struct({
  "QUERY PLAN": Schema.Tuple(Schema.Struct({ Plan: Node, "Execution Time": Schema.Number }))
})

/** A statement as it was sent. */
export interface Sent {
  readonly text: string
  readonly parameters: ReadonlyArray<unknown>
}

/** Runs a program, and tells which statements it sent. */
export const sentBy = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<Sent>, E, R> =>
  Effect.suspend(() => {
    const sent: Array<Sent> = []
    return Effect.as(
      Statement.withTransformer(program, (statement) =>
        Effect.sync(() => {
          const [text, parameters] = statement.compile()
          sent.push({ text, parameters })
          return statement
        })),
      sent
    )
  })

const isSetting = ({ text }: Sent): boolean => text.includes("set_config")

const isLooking = ({ text }: Sent): boolean => /\b(?:events|deliveries|event_bodies|replays)\b/.test(text)

/**
 * The plans of those statements that look at tables that grow. They are carried out once more, by the settings that were
 * sent with them, and undone.
 */
export const plansOf = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, sent: ReadonlyArray<Sent>) {
  const explain = Effect.fnUntraced(function*({ parameters, text }: Sent) {
    const [row] = yield* sql.unsafe(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, parameters)
    const { "QUERY PLAN": [explained] } = yield* Schema.decodeUnknown(Explained)(row)
    return { text, nodes: nodes(explained.Plan), millis: explained["Execution Time"] }
  })
  const settings = Effect.forEach(sent.filter(isSetting), ({ parameters, text }) => sql.unsafe(text, parameters))
  return yield* Effect.zipRight(settings, Effect.forEach(sent.filter(isLooking), explain)).pipe(
    Effect.orDie,
    Effect.flatMap((plans) => new Undone({ plans })),
    sql.withTransaction,
    Effect.catchTag("Undone", ({ plans }) => Effect.succeed(plans)),
    Effect.orDie
  )
})

export interface Plan {
  readonly text: string
  readonly nodes: ReadonlyArray<Node>
  readonly millis: number
}

/** So that what was done for a plan is rolled back. */
class Undone extends Data.TaggedError("Undone")<{ readonly plans: ReadonlyArray<Plan> }> {}

const nodes = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(nodes)]

/** Whether a node looks at a table that grows. */
export const grows = (node: Node): boolean =>
  /^(?:events|event_bodies|deliveries|attempts|replays)/.test(node["Relation Name"] ?? "")

/** How many rows a node has looked at. */
export const read = (node: Node): number =>
  (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]
