// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"
import { Vault } from "../../src/services/Vault.ts"
import { acquireDatabase, clientOf } from "../support/TestDatabase.ts"

const program = fileURLToPath(new URL("../../dist/jobs/reencrypt.js", import.meta.url))
const base64 = (byte: number) => Buffer.alloc(32, byte).toString("base64")

/** Runs the job as operators do. */
const reencrypt = (env: Readonly<Record<string, string>>) =>
  Effect.async<{ readonly code: number | null; readonly output: string; readonly errors: string }>((resume) => {
    const child = execFile(
      process.execPath,
      [program],
      { env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/tmp", ...env } },
      (_, output, errors) => resume(Effect.succeed({ code: child.exitCode, output, errors }))
    )
  })

const insert = Effect.fnUntraced(function*(id: string, keyId: string, byte: number) {
  const sql = yield* SqlClient.SqlClient
  const vault = Vault.withKeys([{ id: keyId, bytes: Redacted.make(new Uint8Array(32).fill(byte)) }])
  const envelope = yield* Effect.provide(
    Effect.flatMap(Vault, (_) => _.seal(`secret:${id}`, Redacted.make("the-secret-of-the-job"))),
    vault
  )
  yield* sql`INSERT INTO integrations (id, slug, name, provider) VALUES (${id}, ${id.slice(0, 13)}, '', 'hmac')`
  yield* sql`INSERT INTO integration_secrets (id, integration_id, envelope, hint) VALUES (${id}, ${id}, ${envelope}, '')`
})

describe("npm run secrets:reencrypt", () => {
  it.scopedLive(
    "ends with 0 once all is sealed with the first key, 1 where something cannot be opened, and 2 without keys",
    () =>
      Effect.gen(function*() {
        const url = yield* acquireDatabase(inject("migratedTemplate"))
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const keys = sql<{ readonly key: string }>`
            SELECT DISTINCT split_part(envelope, '.', 2) AS key FROM integration_secrets ORDER BY key`
          yield* insert("019ab1f0-0001-7000-8000-000000000000", "k1", 1)
          const env = { DATABASE_URL: url, ENCRYPTION_KEYS: `k2:${base64(2)},k1:${base64(1)}` }
          const done = yield* reencrypt(env)
          assert.deepStrictEqual([done.code, done.errors], [0, ""])
          assert.match(done.output, /^integration_secrets +1 rows looked at, 1 envelopes sealed with "k2"$/m)
          assert.include(done.output, "Nothing is sealed with another key than \"k2\".")
          assert.deepStrictEqual(yield* keys, [{ key: "k2" }])

          yield* insert("019ab1f0-0002-7000-8000-000000000000", "k0", 3)
          const left = yield* reencrypt(env)
          assert.strictEqual(left.code, 1)
          assert.include(left.output, "1 envelopes of the key \"k0\" cannot be opened")
          assert.include(left.errors, "secret:019ab1f0-0002-7000-8000-000000000000")
          assert.notInclude(left.output + left.errors, "the-secret-of-the-job")
          assert.deepStrictEqual(yield* keys, [{ key: "k0" }, { key: "k2" }])

          const keyless = yield* reencrypt({ DATABASE_URL: url })
          assert.deepStrictEqual([keyless.code, keyless.output], [2, ""])
          assert.include(keyless.errors, "ENCRYPTION_KEYS")
        }).pipe(Effect.provide(clientOf(url, 2)))
      }),
    { timeout: 60_000 }
  )

  it.live("says that there is no database, and makes none", () =>
    Effect.gen(function*() {
      const { code, errors } = yield* reencrypt({ DATA_DIR: "/tmp/sluice-of-nobody" })
      assert.strictEqual(code, 2)
      assert.include(errors, "There is no database in /tmp/sluice-of-nobody")
    }))
})
