import { Data, Effect, ParseResult, Schema } from "effect"
import { parseArgs } from "node:util"
import { names as contenders } from "./contenders/Contender.ts"

/** Something on the command line is not understood. */
export class BadOptions extends Data.TaggedError("BadOptions")<{ readonly message: string }> {}

export const Scenario = Schema.Literal(
  "ingest",
  "fixed-rate",
  "soak",
  "drain",
  "duplicates",
  "bad-signatures",
  "slow-callback",
  "failing-callback",
  "fan-out",
  "replay",
  "scale",
  "growth",
  "waiting"
)
export type Scenario = typeof Scenario.Type

const Positive = Schema.NumberFromString.pipe(Schema.positive())
const Count = Positive.pipe(Schema.int())

const listOf = <A, I extends string>(item: Schema.Schema<A, I>) =>
  Schema.transform(Schema.String, Schema.Array(Schema.String), {
    strict: true,
    decode: (text) => text.split(",").map((_) => _.trim()),
    encode: (items) => items.join(",")
  }).pipe(Schema.compose(Schema.Array(item), { strict: false }))

const Scenarios = Schema.transform(Schema.String, Schema.String, {
  strict: true,
  decode: (text) => text === "all" ? Scenario.literals.join(",") : text,
  encode: (text) => text
}).pipe(Schema.compose(listOf(Scenario)))

const Values = Schema.Struct({
  scenario: Scenarios,
  contenders: listOf(Schema.Literal(...contenders)),
  rounds: Count,
  warmup: Positive,
  /** None: those of the scenario. */
  seconds: Schema.optionalWith(Positive, { as: "Option" }),
  connections: Schema.optionalWith(listOf(Count), { as: "Option" }),
  body: Schema.optionalWith(listOf(Positive), { as: "Option" }),
  rate: Schema.optionalWith(listOf(Positive), { as: "Option" }),
  count: Schema.optionalWith(Count, { as: "Option" }),
  stored: listOf(Count),
  waiting: Count,
  apis: Count,
  workers: Count,
  profile: Schema.Boolean
})
export type Options = typeof Values.Type

const usage = `npm run bench -- [options]
  --scenario ingest     or all, or several of: ${Scenario.literals.join(", ")}
  --contenders a,b      of ${contenders.join(", ")}; all that the scenario knows unless told
  --rounds 3            how often each contender has its turn
  --seconds 10          how long one measurement lasts, where time ends it; 60 for fixed-rate, 3600 for soak
  --warmup 5            seconds under load before it
  --connections 64      or several, such as 8,64,256; the scenario's own unless told
  --body 1              kilobytes, or several, such as 1,10,100
  --rate 300            webhooks a second of fixed-rate and soak, or several
  --count 20000         webhooks of a backlog
  --stored 10000,1000000,10000000   events that stand in the database for growth
  --waiting 1000000     deliveries in the queue for waiting
  --apis 1 --workers 1  processes of each
  --profile             a CPU profile of each process, in bench/results/profiles`

/** The command line's options. */
export const parse = Effect.fn("Options.parse")(function*(args: ReadonlyArray<string>) {
  const { values } = yield* Effect.try({
    try: () =>
      parseArgs({
        args: [...args],
        options: {
          scenario: { type: "string", default: "ingest" },
          contenders: { type: "string", default: contenders.join(",") },
          rounds: { type: "string", default: "3" },
          seconds: { type: "string" },
          warmup: { type: "string", default: "5" },
          connections: { type: "string" },
          body: { type: "string" },
          rate: { type: "string" },
          count: { type: "string" },
          stored: { type: "string", default: "10000,1000000,10000000" },
          waiting: { type: "string", default: "1000000" },
          apis: { type: "string", default: "1" },
          workers: { type: "string", default: "1" },
          profile: { type: "boolean", default: false }
        }
      }),
    catch: (cause) => new BadOptions({ message: `${cause}\n\n${usage}` })
  })
  return yield* Effect.mapError(
    Schema.decodeUnknown(Values)(values, { errors: "all" }),
    (error) => new BadOptions({ message: `${problems(error)}\n\n${usage}` })
  )
})

const problems = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => `--${path[0]?.toString()}: ${message}`)
    .join("\n")
