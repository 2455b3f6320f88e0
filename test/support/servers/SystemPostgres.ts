import { Effect, Option } from "effect"
import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Port from "./Port.ts"
import * as PostgresAccount from "./PostgresAccount.ts"
import * as PrivateFolder from "./PrivateFolder.ts"
import * as Process from "./Process.ts"
import { ServerUnavailable } from "./ServerUnavailable.ts"

export interface Options {
  /** The folder that holds `initdb` and `postgres`; the oldest installed PostgreSQL's unless told. */
  readonly bin?: string
  /** Whether a commit waits for the disk. Without, it is faster and still survives a killed server. */
  readonly durable?: boolean
  readonly auth?: "trust" | "password"
  /** Further settings, such as `max_connections=50`. */
  readonly settings?: ReadonlyArray<string>
  /** Prepares the folder that is to hold the data; told its path before anything is in it. */
  readonly furnish?: (data: string) => Effect.Effect<void, ServerUnavailable>
}

/** A restart keeps what was committed. */
export interface SystemPostgres extends Process.ServerProcess {
  readonly url: string
  readonly port: number
}

const name = "postgres"
const password = "sluice-test"

/** A private server of a PostgreSQL that is installed on the machine, on a free port, gone with the scope. */
export const start = Effect.fn("SystemPostgres.start")(
  function*(
    { auth = "trust", bin, durable = false, furnish = () => Effect.void, settings: more = [] }: Options = {}
  ) {
    const binaries = bin ?? (yield* oldest)
    const account = yield* PostgresAccount.lent
    const parent = yield* PostgresAccount.parentFor(account, { durable })
    const port = yield* Port.free
    const folder = yield* PrivateFolder.make({
      server: name,
      groups: [Process.groupFile(name), "data/postmaster.pid"],
      farewell: "QUIT",
      parent,
      account
    })
    const data = join(folder, "data")
    yield* furnish(data)
    yield* initialise({ account, auth, binaries, data, durable, folder })
    const server = yield* Process.make({
      name,
      folder,
      file: join(binaries, name),
      args: ["-D", data, ...[...settings({ port, durable }), ...more].flatMap((setting) => ["-c", setting])],
      env: PostgresAccount.environment,
      account,
      farewell: "SIGINT",
      ready: Port.answers({ host: Port.loopback, port }, greeting, /^R/)
    })
    yield* server.start
    const credentials = auth === "trust" ? name : `${name}:${password}`
    const postgres: SystemPostgres = {
      ...server,
      port,
      url: `postgres://${credentials}@${Port.loopback}:${port}/${name}`
    }
    return postgres
  }
)

const initialise = Effect.fnUntraced(function*(
  { account, auth, binaries, data, durable, folder }: Required<Pick<Options, "auth" | "durable">> & {
    readonly account: Option.Option<PrivateFolder.Account>
    readonly binaries: string
    readonly data: string
    readonly folder: string
  }
) {
  const passwordFile = join(folder, "password")
  yield* Effect.tryPromise({
    try: () => writeFile(passwordFile, `${password}\n`),
    catch: (cause) => new ServerUnavailable({ server: name, reason: "Folder", detail: String(cause), cause })
  })
  yield* PostgresAccount.run(join(binaries, "initdb"), [
    `--pgdata=${data}`,
    `--username=${name}`,
    `--auth=${auth === "trust" ? "trust" : "scram-sha-256"}`,
    `--pwfile=${passwordFile}`,
    "--encoding=UTF8",
    "--locale=C",
    ...(durable ? [] : ["--no-sync"])
  ], { account, cwd: folder })
})

const settings = ({ durable, port }: { readonly durable: boolean; readonly port: number }) => [
  `listen_addresses=${Port.loopback}`,
  `port=${port}`,
  "unix_socket_directories=",
  "max_connections=200",
  // In the folder, so that a killed server leaves nothing in /dev/shm.
  "dynamic_shared_memory_type=mmap",
  ...(durable ? [] : ["fsync=off", "full_page_writes=off", "synchronous_commit=off"])
]

// The first message of PostgreSQL's protocol 3.0. While the server starts or recovers it answers with an error.
const greeting = (() => {
  const parameters = Buffer.from(`\0\x03\0\0user\0${name}\0database\0${name}\0\0`, "latin1")
  const length = Buffer.alloc(4)
  length.writeInt32BE(parameters.length + length.length)
  return Buffer.concat([length, parameters])
})()

const installations = "/usr/lib/postgresql"

const oldest = Effect.tryPromise(() => readdir(installations)).pipe(
  Effect.orElseSucceed((): ReadonlyArray<string> => []),
  Effect.flatMap((versions) =>
    Option.fromNullable(versions.filter((_) => /^\d+$/.test(_)).map(Number).toSorted((a, b) => a - b)[0])
  ),
  Effect.mapBoth({
    onSuccess: (version) => join(installations, `${version}`, "bin"),
    onFailure: (cause) =>
      new ServerUnavailable({
        server: name,
        reason: "NotInstalled",
        detail: `no version in ${installations}`,
        cause
      })
  })
)
