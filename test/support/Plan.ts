import { SqlClient, Statement } from "@effect/sql"
import { Data, Effect, Schema } from "effect"

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

/** The plan by which PostgreSQL has carried out a statement. */
export interface Plan {
  readonly text: string
  readonly nodes: ReadonlyArray<Node>
}

/** Carries the statement out. */
export const explain = (statement: Statement.Statement<unknown>) => explainSent(sentAs(statement))

const explainSent = Effect.fnUntraced(function*({ parameters, text }: Sent) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql.unsafe(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, parameters)
  const { "QUERY PLAN": [explained] } = yield* Schema.decodeUnknown(Explained)(row)
  return { text, nodes: all(explained.Plan) }
})

/** A statement as it was sent. */
interface Sent {
  readonly text: string
  readonly parameters: ReadonlyArray<unknown>
}

const sentAs = (statement: Statement.Statement<unknown>): Sent => {
  const [text, parameters] = statement.compile()
  return { text, parameters }
}

/**
 * Runs a program, and gives the plans of those of its statements that look at tables that grow. They are carried out once
 * more, by the settings that were sent with them, and undone.
 */
export const explainAll = Effect.fnUntraced(function*<A, E, R>(program: Effect.Effect<A, E, R>) {
  const sql = yield* SqlClient.SqlClient
  const sent = yield* sentBy(program)
  const settings = Effect.forEach(sent.filter(isSetting), ({ parameters, text }) => sql.unsafe(text, parameters))
  return yield* Effect.zipRight(settings, Effect.forEach(sent.filter(isLooking), explainSent)).pipe(
    Effect.orDie,
    Effect.flatMap((plans) => new Undone({ plans })),
    sql.withTransaction,
    Effect.catchTag("Undone", ({ plans }) => Effect.succeed(plans)),
    Effect.orDie
  )
})

/** Runs a program, and tells which statements it sent. */
const sentBy = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<Sent>, E, R> =>
  Effect.suspend(() => {
    const sent: Array<Sent> = []
    return Effect.as(
      Statement.withTransformer(program, (statement) =>
        Effect.sync(() => {
          sent.push(sentAs(statement))
          return statement
        })),
      sent
    )
  })

const isSetting = ({ text }: Sent): boolean => text.includes("set_config")

const isLooking = ({ text }: Sent): boolean => /\b(?:events|event_bodies|deliveries|attempts|replays)\b/.test(text)

/** So that what was done for a plan is rolled back. */
class Undone extends Data.TaggedError("Undone")<{ readonly plans: ReadonlyArray<Plan> }> {}

/** Whether it looks at a table that grows with the webhooks. */
export const grows = (node: Node): boolean =>
  /^(?:events|event_bodies|deliveries|attempts|replays)/.test(node["Relation Name"] ?? "")

/** How many rows it has looked at. */
export const read = (node: Node): number =>
  (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]
