// @effect-diagnostics strictEffectProvide:off
import { Console, Data, Duration, Effect, Layer, Logger, Option, Redacted } from "effect"
import * as Report from "../domain/doctor/Report.ts"
import * as Text from "../domain/doctor/Text.ts"
import * as Doctor from "../services/Doctor.ts"
import * as Graces from "../services/Graces.ts"
import { QueueWatch } from "../services/ports/QueueWatch.ts"
import * as Database from "./Database.ts"
import * as DataDirectory from "./DataDirectory.ts"
import { settled } from "./embedded/Placement.ts"
import * as Environment from "./Environment.ts"
import * as MakeSettings from "./MakeSettings.ts"
import * as RabbitMqQueueWatch from "./RabbitMqQueueWatch.ts"

/** The command line asks for something that there is not. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

const applicationName = "sluice-doctor"

/** `npm run doctor`, with `--json` for programs: prints what the doctor finds; the exit code that says the same. */
export const doctor = Effect.fn("doctor")(function*(parameters: ReadonlyArray<string>) {
  const render = yield* rendering(parameters)
  const variables = yield* Environment.read
  const report = yield* Effect.provide(examine(variables), Logger.minimumLogLevel(variables.logLevel))
  yield* Console.log(render(report))
  return Report.exitCode(report)
})

const rendering = (parameters: ReadonlyArray<string>) => {
  const [parameter, ...more] = parameters
  if (parameter === undefined) return Effect.succeed(Text.forPeople)
  return parameter === "--json" && more.length === 0
    ? Effect.succeed(Text.json)
    : new UsageError({ message: `Unknown parameters: ${parameters.join(" ")}. The doctor takes --json, or none.` })
}

const examine = Effect.fnUntraced(
  function*(variables: Environment.Variables) {
    if (Option.isNone(variables.databaseUrl) && !(yield* settled(variables.dataDir))) {
      return yield* Doctor.unexamined(
        `there is no database in ${variables.dataDir}: name another one with DATABASE_URL or DATA_DIR`
      )
    }
    const settings = MakeSettings.keyless(variables)
    const keys = yield* DataDirectory.knownEncryptionKeys(variables)
    const layer = Doctor.Doctor.layer({
      queues: settings.queues,
      graces: Graces.make(settings, Duration.seconds(variables.doctorSlackSeconds)),
      keyIds: Option.map(keys, (keys) => Redacted.value(keys).map((_) => _.id)),
      pause: Doctor.pause
    }).pipe(
      Layer.provide(Option.match(variables.rabbitMqUrl, {
        onNone: () => QueueWatch.hidden,
        onSome: RabbitMqQueueWatch.layer
      })),
      Layer.provide(Database.layer(variables, applicationName, { unhurried: false }))
    )
    return yield* Effect.provide(Effect.flatMap(Doctor.Doctor, (_) => _.examine), layer)
  },
  Effect.catchTag("EmbeddedPostgresError", ({ message }) => Doctor.unexamined(message))
)
