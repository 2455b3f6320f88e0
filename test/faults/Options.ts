import { Data, Effect, ParseResult, Random, Schema } from "effect"
import { parseArgs } from "node:util"
import * as Kinds from "./Kinds.ts"

/** Something on the command line is not understood. */
export class BadOptions extends Data.TaggedError("BadOptions")<{ readonly message: string }> {}

export const Mutant = Schema.Literal("sweeper", "fence", "lease", "confirms", "lock-token")
export type Mutant = typeof Mutant.Type

const Positive = Schema.NumberFromString.pipe(Schema.positive())

const Kind = Schema.String.pipe(
  Schema.filter(Kinds.isKind, { message: ({ actual }) => `${actual} is no kind of fault` })
)

const FaultKinds = Schema.transform(Schema.String, Schema.Array(Schema.String), {
  strict: true,
  decode: (text) => text === "all" ? [...Kinds.kinds] : text === "none" ? [] : text.split(","),
  encode: (kinds) => kinds.join(",")
}).pipe(Schema.compose(Schema.Array(Kind)))

const Values = Schema.Struct({
  minutes: Positive,
  seed: Schema.NonEmptyString,
  rate: Positive,
  faults: FaultKinds,
  without: Schema.optional(Mutant),
  scenario: Schema.Literal("storm", "backlog", "fairness", "replay"),
  count: Schema.optional(Positive.pipe(Schema.int())),
  mutants: Schema.Boolean
})
export type Options = typeof Values.Type

const usage = `npm run test:faults -- [options]
  --minutes 3           how long the run takes in all, more or less
  --seed 4711           repeats the faults of a run
  --rate 300            webhooks a second
  --faults a,b          only these kinds (all, none, or of: ${Kinds.kinds.join(", ")})
  --without sweeper     a gateway that lacks something: ${Mutant.literals.join(", ")}
  --scenario storm      or backlog, with --count 100000; or fairness; or replay, with --count 20000
  --mutants             each of the gateways that lack something; succeeds when each is caught`

/** The command line's options. */
export const parse = Effect.fn("Options.parse")(function*(args: ReadonlyArray<string>) {
  const { values } = yield* Effect.try({
    try: () =>
      parseArgs({
        args: [...args],
        options: {
          minutes: { type: "string", default: "3" },
          seed: { type: "string" },
          rate: { type: "string", default: "300" },
          faults: { type: "string", default: "all" },
          without: { type: "string" },
          scenario: { type: "string", default: "storm" },
          count: { type: "string" },
          mutants: { type: "boolean", default: false }
        }
      }),
    catch: (cause) => new BadOptions({ message: `${cause}\n\n${usage}` })
  })
  const seed = values.seed ?? String(yield* Random.nextIntBetween(1, 1_000_000))
  return yield* Effect.mapError(
    Schema.decodeUnknown(Values)({ ...values, seed }),
    (error) => new BadOptions({ message: `${problems(error)}\n\n${usage}` })
  )
})

const problems = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => `--${path[0]?.toString()}: ${message}`)
    .join("\n")
