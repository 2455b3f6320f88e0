import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, type Option, Schema } from "effect"
import { createHash, randomUUID } from "node:crypto"
import { join } from "node:path"
import { directoryUnusable, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { type Account, type Outcome, run } from "./Process.ts"
import { shelters } from "./Shelter.ts"

interface Needs {
  readonly account: Option.Option<Account>
  readonly durable: boolean
}

/** A copy of a platform package's `native` folder, made once per content, in the first shelter where it runs. */
export const stage = Effect.fn("StagedBinaries.stage")(
  function*(packaged: string, needs: Needs, tryOut: (native: string) => Effect.Effect<Outcome>) {
    const name = yield* nameOf(packaged)
    const attempts = shelters(needs).map(Effect.flatMap((shelter) =>
      Effect.gen(function*() {
        const staged = join(shelter, name)
        yield* copy(join(packaged, "native"), staged)
        const { output, succeeded } = yield* tryOut(staged)
        if (succeeded) return staged
        return yield* new EmbeddedPostgresError({
          reason: "BinariesUnusable",
          message: `The copy of PostgreSQL in ${staged} does not run (${output}). If that folder is mounted noexec, ` +
            "name another one with TMPDIR. Otherwise start Sluice as an ordinary user, or set DATABASE_URL."
        })
      })
    ))
    return yield* Effect.firstSuccessOf(attempts)
  }
)

const Manifest = Schema.parseJson(Schema.Struct({ version: Schema.NonEmptyString }))

const nameOf = Effect.fnUntraced(function*(packaged: string) {
  const fs = yield* FileSystem.FileSystem
  const manifest = yield* Effect.flatMap(fs.readFileString(join(packaged, "package.json")), Schema.decode(Manifest))
  const hash = createHash("sha256").update(yield* fs.readFile(join(packaged, "native", "bin", "postgres"))).digest(
    "hex"
  )
  return `postgresql-${manifest.version}-${hash.slice(0, 12)}`
}, (effect, packaged) => Effect.mapError(effect, unreadable(packaged)))

const copy = Effect.fnUntraced(function*(from: string, to: string) {
  const fs = yield* FileSystem.FileSystem
  if (yield* fs.exists(to)) return
  const partial = `${to}.${randomUUID()}.partial`
  yield* command("cp", "-RP", from, partial).pipe(
    // The account must read what a strict umask may have closed, and nobody but root may write it.
    Effect.zipRight(command("chmod", "-R", "a+rX,go-w", partial)),
    // Another start may have finished the same copy meanwhile.
    Effect.zipRight(
      Effect.catchAll(fs.rename(partial, to), (error) => Effect.unlessEffect(Effect.fail(error), fs.exists(to)))
    ),
    Effect.ensuring(Effect.ignore(fs.remove(partial, { recursive: true, force: true })))
  )
}, (effect, _, to) => Effect.mapError(effect, directoryUnusable(to)))

const command = (name: string, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(
    run({ command: name, args }),
    ({ output, succeeded }) =>
      succeeded ? Effect.void : new EmbeddedPostgresError({
        reason: "BinariesUnusable",
        message: `PostgreSQL could not be copied to where its user can reach it (${name}: ${output}). ` +
          "Start Sluice as an ordinary user, or set DATABASE_URL."
      })
  )

const unreadable = (packaged: string) => (cause: unknown) =>
  new EmbeddedPostgresError({
    reason: "BinariesUnusable",
    message: `The package in ${packaged} is damaged. Run \`npm ci\` again, or set DATABASE_URL.`,
    cause
  })
