// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Report } from "../../src/domain/doctor/Report.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Program from "../support/Program.ts"
import * as Roles from "../support/Roles.ts"
import * as Port from "../support/servers/Port.ts"
import { clientOf } from "../support/TestDatabase.ts"

const program = fileURLToPath(new URL("../../dist/jobs/doctor.js", import.meta.url))

/** Runs the doctor as operators do. */
const doctor = (env: Readonly<Record<string, string>>, ...parameters: ReadonlyArray<string>) =>
  Effect.async<{ readonly code: number | null; readonly output: string; readonly errors: string }>((resume) => {
    const child = execFile(
      process.execPath,
      [program, ...parameters],
      { env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/tmp", ...env } },
      (_, output, errors) => resume(Effect.succeed({ code: child.exitCode, output, errors }))
    )
  })

const decode = Schema.decodeUnknown(Schema.parseJson(Report))

const nowhere = Effect.map(
  Effect.sync(() => join(tmpdir(), `sluice-doctor-${randomUUID()}`)),
  (folder) => ({ folder, env: { DATA_DIR: folder } })
)

describe.runIf(Grounds.realServers)("npm run doctor", () => {
  it.scopedLive(
    "ends with 0 on a healthy system, 1 with findings, and 2 where a server is away",
    () =>
      Effect.gen(function*() {
        const { api, base, databaseUrl, env, worker } = yield* Roles.make()
        yield* Effect.all([api.start, worker.start])
        yield* Effect.gen(function*() {
          const callback = yield* Callback.make
          const { send } = yield* Gateway.integration("examined", callback.url)
          const { eventId } = yield* Gateway.accepted(yield* send("one"))
          yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")

          const healthy = yield* doctor(env)
          assert.deepStrictEqual([healthy.code, healthy.errors], [0, ""])
          assert.include(healthy.output, "RabbitMQ:   seen")
          assert.include(healthy.output, "\nNothing is wrong.\n")

          const sql = yield* SqlClient.SqlClient
          yield* sql`UPDATE deliveries SET failed_at = now()`
          const ill = yield* doctor(env)
          assert.deepStrictEqual([ill.code, ill.errors], [1, ""])
          assert.include(ill.output, "delivered, event ")
          assert.include(ill.output, "failed_at is set")
          const told = yield* doctor(env, "--json")
          assert.strictEqual(told.code, 1)
          const report = yield* decode(told.output)
          assert.deepStrictEqual(
            report.rules.filter(({ result }) => result === "found").map(({ count, id }) => [id, count]),
            [["columns-contradict-state", 1]]
          )

          const blind = yield* doctor({ ...env, RABBITMQ_URL: "amqp://127.0.0.1:1" }, "--json")
          assert.strictEqual(blind.code, 2)
          const { servers, status } = yield* decode(blind.output)
          assert.deepStrictEqual([status, servers.postgres.status, servers.rabbitmq.status], [
            "incomplete",
            "seen",
            "away"
          ])
        }).pipe(
          Effect.provideService(Gateway.Gateway, Gateway.at(base)),
          Effect.provide(clientOf(Redacted.value(databaseUrl), 2))
        )
      }),
    { timeout: 90_000 }
  )
})

describe("npm run doctor on this machine alone", () => {
  it.scopedLive("says that there is no database, and makes none", () =>
    Effect.gen(function*() {
      const { env, folder } = yield* nowhere
      const { code, output } = yield* doctor(env)
      assert.strictEqual(code, 2)
      assert.include(output, `there is no database in ${folder}`)
      const told = yield* decode((yield* doctor(env, "--json")).output)
      assert.deepStrictEqual([told.status, told.servers.postgres.status], ["incomplete", "away"])
      assert.isFalse(existsSync(folder))
    }))

  it.live("takes --json, and nothing else", () =>
    Effect.gen(function*() {
      const { code, errors, output } = yield* doctor({}, "--xml")
      assert.deepStrictEqual([code, output], [2, ""])
      assert.include(errors, "--xml")
      assert.include(errors, "--json")
    }))

  it.scopedLive(
    "looks at the database of npm start while it runs, and says that its queues cannot be seen",
    () =>
      Effect.gen(function*() {
        const { env, folder } = yield* Effect.acquireRelease(
          nowhere,
          ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
        )
        const port = yield* Port.free
        const start = yield* Program.make({
          entry: "embedded/start.js",
          env: { ...env, APP_PORT: String(port) },
          ready: Effect.promise(() =>
            fetch(`http://127.0.0.1:${port}/api/v1/health/ready`).then((_) => _.ok, () => false)
          )
        })
        yield* start.start
        const { code, output } = yield* doctor(env)
        assert.strictEqual(code, 0)
        assert.include(output, "PostgreSQL: seen")
        assert.include(output, "RabbitMQ:   hidden, ")
        assert.include(output, "Nothing is wrong. 5 rules could not be looked at.")
        yield* start.signal("SIGTERM")
        assert.strictEqual(yield* start.exit, 0)
        assert.isTrue(existsSync(folder))
      }),
    { timeout: 60_000 }
  )
})
