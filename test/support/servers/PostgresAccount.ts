import { Effect, Option } from "effect"
import { execFile } from "node:child_process"
import { existsSync, statfsSync } from "node:fs"
import { tmpdir } from "node:os"
import { promisify } from "node:util"
import type { Account } from "./PrivateFolder.ts"
import { ServerUnavailable } from "./ServerUnavailable.ts"

const user = "postgres"

/** As whom PostgreSQL runs, which refuses to be root; none for our own user. */
export const lent = Effect.suspend(() => process.getuid?.() === 0 ? Effect.asSome(accountOf(user)) : Effect.succeedNone)

/**
 * The first folder for temporary files that the account can enter: root's own may be closed. In memory, where there is room,
 * for data that need not last: hundreds of databases are made and dropped there.
 */
export const parentFor = (account: Option.Option<Account>, { durable }: { readonly durable: boolean }) =>
  Effect.firstSuccessOf(
    [...(durable ? [] : inMemory), tmpdir(), "/tmp", "/var/tmp"].map((folder) =>
      Effect.as(run("/bin/sh", ["-c", "test -x \"$1\"", "sh", folder], { account }), folder)
    )
  )

/** What the command prints, run as the account. */
export const run = (
  file: string,
  args: ReadonlyArray<string>,
  { account = Option.none(), cwd = "/" }: { readonly account?: Option.Option<Account>; readonly cwd?: string } = {}
) =>
  Effect.tryPromise({
    try: (signal) =>
      promisify(execFile)(file, args, { cwd, signal, env: environment, ...Option.getOrUndefined(account) }),
    catch: (cause) => new ServerUnavailable({ server: user, reason: "Spawn", detail: String(cause), cause })
  }).pipe(Effect.map(({ stdout }) => stdout.trim()))

export const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" }

const roomBytes = 3 * 2 ** 30

const inMemory = ["/dev/shm"].filter((folder) => {
  if (!existsSync(folder)) return false
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize >= roomBytes
})

const accountOf = (name: string) =>
  Effect.all({ uid: run("id", ["-u", name]), gid: run("id", ["-g", name]) }).pipe(
    Effect.map(({ gid, uid }): Account => ({ uid: Number(uid), gid: Number(gid) }))
  )
