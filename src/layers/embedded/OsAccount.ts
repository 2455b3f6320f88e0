import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Option } from "effect"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { type Account, run } from "./Process.ts"

/** PostgreSQL refuses to run as root, who therefore runs it as another user. */
export const isRoot: Effect.Effect<boolean> = Effect.sync(() => process.getuid?.() === 0)

/** The account that files belong to; none where there are none, or root's. */
export const ownerOf = Effect.fn("OsAccount.ownerOf")(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const info = yield* Effect.option(fs.stat(path))
  return Option.flatMap(info, ({ gid, uid }) => Option.all({ uid, gid })).pipe(Option.filter(({ uid }) => uid !== 0))
})

const name = "postgres"

const id = (flag: "-u" | "-g") =>
  Effect.map(
    run({ command: "id", args: [flag, name] }),
    ({ output, succeeded }) => succeeded ? Option.some(Number(output)) : Option.none()
  )

const lookUp: Effect.Effect<Option.Option<Account>> = Effect.map(
  Effect.all({ uid: id("-u"), gid: id("-g") }),
  Option.all
)

/** The OS user `postgres`, made where it is missing. */
export const postgres = Effect.gen(function*() {
  const present = yield* lookUp
  if (Option.isSome(present)) return present.value
  // Either fails where another start was faster, so only the second look-up decides.
  yield* run({ command: "groupadd", args: ["--system", name] })
  const { output } = yield* run({ command: "useradd", args: ["--system", "-g", name, "-M", "-s", "/bin/false", name] })
  const made = yield* lookUp
  if (Option.isSome(made)) return made.value
  return yield* new EmbeddedPostgresError({
    reason: "AccountMissing",
    message: `PostgreSQL refuses to run as root, and the user ${name} could not be made for it (${output}). ` +
      "Start Sluice as an ordinary user, or make that user, or set DATABASE_URL."
  })
}).pipe(Effect.withSpan("OsAccount.postgres"))
