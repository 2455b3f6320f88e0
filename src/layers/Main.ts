// @effect-diagnostics strictEffectProvide:off
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Runtime from "@effect/platform/Runtime"
import { Cause, Console, Effect, Exit, Layer, Logger, Option, Predicate } from "effect"
import * as DatabaseTrouble from "./DatabaseTrouble.ts"
import { ListenError } from "./ListenError.ts"

/** Runs a role until SIGTERM or SIGINT, then lets it finish what is in flight. Logs are JSON, one line each. */
export const launch = <E>(role: Layer.Layer<never, E>): void => run(Layer.launch(role))

/** The same with logs for a terminal. */
export const launchForPeople = <E>(role: Layer.Layer<never, E>): void => start(Layer.launch(role), Logger.pretty)

/** Runs a job to its end. */
export const run = <A, E>(job: Effect.Effect<A, E>): void => start(job, Logger.json)

/** Runs a look whose value is its exit code; 2 where it fails. Its output is its own, so logs go to the error output. */
export const runLook = <E>(look: Effect.Effect<number, E>): void =>
  start(
    look,
    Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.jsonLogger)),
    (exit, end) => end(Exit.isSuccess(exit) && Predicate.isNumber(exit.value) ? exit.value : couldNotLook)
  )

const couldNotLook = 2

const start = <A, E>(
  program: Effect.Effect<A, E>,
  logger: Layer.Layer<never>,
  teardown: Runtime.Teardown = Runtime.defaultTeardown
): void =>
  NodeRuntime.runMain(
    // Effect's own spans would be made for every statement, and nobody reads them: traces are told to `Traces`.
    program.pipe(Effect.tapErrorCause(report), Effect.withTracerEnabled(false), Effect.provide(logger)),
    { disablePrettyLogger: true, disableErrorReporting: true, teardown }
  )

/** What a person mends outside the program: their message says how, and a stack would only hide it. */
const forPeople = new Set([
  "ConfigurationError",
  "DataDirectoryError",
  "EmbeddedPostgresError",
  "ListenError",
  "MigrationError",
  "UsageError",
  "Invalid"
])

const report = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  return Option.match(Option.flatMap(Cause.failureOption(cause), messageOf), {
    onNone: () => Effect.logFatal("Sluice cannot go on", cause),
    onSome: Console.error
  })
}

const messageOf = (error: unknown): Option.Option<string> => {
  if (!Predicate.hasProperty(error, "_tag")) return Option.none()
  const trouble = DatabaseTrouble.message(error)
  if (Option.isSome(trouble)) return trouble
  if (error._tag === "ServeError" && Predicate.hasProperty(error, "cause")) {
    return Option.some(new ListenError({ variable: "APP_PORT", cause: error.cause }).message)
  }
  return forPeople.has(String(error._tag)) && Predicate.hasProperty(error, "message")
    ? Option.some(String(error.message))
    : Option.none()
}
