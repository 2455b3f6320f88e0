// @effect-diagnostics strictEffectProvide:off
import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { Config, Context, Effect, Exit, Layer, Option, Redacted, Scope } from "effect"
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { TestProject } from "vitest/node"
import { EmbeddedPostgres } from "../../src/layers/embedded/EmbeddedPostgres.ts"
import * as Migrations from "../../src/layers/Migrations.ts"
import * as Postgres from "../../src/layers/Postgres.ts"
import * as PostgresAccount from "./servers/PostgresAccount.ts"
import * as PrivateFolder from "./servers/PrivateFolder.ts"
import * as RealServices from "./servers/RealServices.ts"
import * as SystemPostgres from "./servers/SystemPostgres.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Null where the suites on a real Redis are skipped. */
    readonly redisUrl: string | null
    /** Null where the suites on a real RabbitMQ are skipped. */
    readonly rabbitMqUrl: string | null
    readonly postgresUrl: string
    /** A migrated database to copy. */
    readonly migratedTemplate: string
  }
}

/** Starts what the suites run on, and ends it after the run, or when the start fails half way. */
export default (project: TestProject): Promise<() => Promise<void>> =>
  Effect.runPromise(Effect.flatMap(Scope.make(), (scope) =>
    provideUrls(project).pipe(
      Scope.extend(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
      Effect.as(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    )))

const provideUrls = Effect.fnUntraced(function*(project: TestProject) {
  const urls = yield* Effect.all({ postgres, services: RealServices.start, built }, { concurrency: "unbounded" })
  project.provide("postgresUrl", urls.postgres)
  project.provide("migratedTemplate", yield* migratedTemplate(urls.postgres))
  project.provide("redisUrl", Option.getOrNull(RealServices.urlOf(urls.services.redis)))
  project.provide("rabbitMqUrl", Option.getOrNull(RealServices.urlOf(urls.services.rabbitMq)))
})

/** The programs that some suites run as processes. */
const built = Effect.async<void>((resume) => {
  const builder = fileURLToPath(new URL("../../scripts/ensure-built.js", import.meta.url))
  execFile(
    process.execPath,
    [builder],
    (error, output) => resume(error === null ? Effect.void : Effect.dieMessage(`The build fails:\n${output}`))
  )
})

const postgres = Effect.gen(function*() {
  const url = yield* Config.option(Config.nonEmptyString("TEST_DATABASE_URL"))
  const bin = yield* Config.option(Config.nonEmptyString("TEST_POSTGRES_BIN"))
  if (Option.isSome(url)) return url.value
  if (Option.isSome(bin)) return (yield* SystemPostgres.start({ bin: bin.value })).url
  return yield* embedded
})

const embedded = Effect.gen(function*() {
  // The account may be missing, and is then made.
  const parent = yield* PostgresAccount.lent.pipe(
    Effect.flatMap((account) => PostgresAccount.parentFor(account, { durable: false })),
    Effect.orElseSucceed(tmpdir)
  )
  const folder = yield* PrivateFolder.make({
    server: "embedded",
    groups: ["database/cluster/data/postmaster.pid"],
    farewell: "QUIT",
    parent
  })
  const database = EmbeddedPostgres.layer({ directory: join(folder, "database"), durable: false, exclusive: false })
  const { url } = Context.get(yield* Layer.build(database), EmbeddedPostgres)
  return Redacted.value(url)
})

const migratedTemplate = Effect.fnUntraced(function*(server: string) {
  const name = `template_${randomUUID().replaceAll("-", "")}`
  const on = (url: string) =>
    Postgres.layer({ url: Redacted.make(url), applicationName: "sluice-test", maxConnections: 2 })
  const run = <A, E>(statement: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
    Effect.flatMap(SqlClient.SqlClient, statement).pipe(Effect.provide(on(server)))
  yield* Effect.acquireRelease(
    run((sql) => sql`CREATE DATABASE ${sql(name)}`),
    () => Effect.ignore(run((sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`))
  )
  const url = new URL(server)
  url.pathname = `/${name}`
  yield* Migrations.migrate("schema_migrations").pipe(Effect.provide(Layer.merge(on(url.href), NodeContext.layer)))
  return name
})
