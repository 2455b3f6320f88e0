import { Effect, Option, type Scope } from "effect"
import { execFile } from "node:child_process"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Binary from "./Binary.ts"
import * as Port from "./Port.ts"
import * as PrivateFolder from "./PrivateFolder.ts"
import * as Process from "./Process.ts"
import { ServerUnavailable } from "./ServerUnavailable.ts"

/** A restart keeps what was durable, also after a kill. */
export interface RabbitMqServer extends Process.ServerProcess {
  readonly url: string
  readonly port: number
  /** A restart that loses everything: messages, queues, exchanges. */
  readonly forget: Effect.Effect<void, ServerUnavailable>
  /** What `rabbitmqctl` says on it. */
  readonly control: (...args: ReadonlyArray<string>) => Effect.Effect<string, ServerUnavailable>
}

const name = "rabbitmq-server"
const mapper = "epmd"
const controller = "rabbitmqctl"
const binaries = ["/usr/lib/rabbitmq/bin"]

/** The machine's own `rabbitmq-server`, private down to its epmd, on free ports, gone with the scope. */
export const start: Effect.Effect<RabbitMqServer, ServerUnavailable, Scope.Scope> = Effect.gen(function*() {
  const file = yield* Binary.find(name, binaries)
  const mapperFile = yield* Binary.find(mapper)
  const path = yield* Binary.searchPath
  const ports = yield* Effect.scoped(Effect.all({ amqp: Port.held, distribution: Port.held, mapper: Port.held }))
  const folder = yield* PrivateFolder.make({
    server: "rabbitmq",
    groups: [name, mapper].map(Process.groupFile),
    farewell: "KILL"
  })
  yield* furnish(folder)

  // A broker starts an epmd that outlives it, unless there is one already: this one is ours to end.
  const epmd = yield* Process.make({
    name: mapper,
    folder,
    file: mapperFile,
    args: ["-port", `${ports.mapper}`, "-address", Port.loopback],
    env: {},
    account: Option.none(),
    farewell: "SIGTERM",
    ready: Port.answers({ host: Port.loopback, port: ports.mapper }, listNames, /[^]/)
  })
  yield* epmd.start

  const env = { PATH: path, ...environment(folder, ports) }
  const server = yield* Process.make({
    name,
    folder,
    file,
    args: [],
    env,
    account: Option.none(),
    farewell: "SIGTERM",
    ready: Port.answers({ host: Port.loopback, port: ports.amqp }, "AMQP\0\0\t\x01", /RabbitMQ/)
  })
  yield* server.start

  const rabbitMq: RabbitMqServer = {
    ...server,
    port: ports.amqp,
    url: `amqp://guest:guest@${Port.loopback}:${ports.amqp}`,
    forget: server.kill.pipe(Effect.zipRight(empty(join(folder, "mnesia"))), Effect.zipRight(server.start)),
    control: (...args) =>
      Effect.flatMap(Binary.find(controller, binaries), (file) =>
        Effect.tryPromise({
          try: (signal) => promisify(execFile)(file, args, { env, signal }),
          catch: (cause) =>
            new ServerUnavailable({ server: controller, reason: "Exited", detail: String(cause), cause })
        })).pipe(Effect.map(({ stdout }) => stdout))
  }
  return rabbitMq
})

const environment = (folder: string, ports: { amqp: number; distribution: number; mapper: number }) => ({
  HOME: join(folder, "home"),
  LANG: "C.UTF-8",
  ERL_EPMD_ADDRESS: Port.loopback,
  ERL_EPMD_PORT: `${ports.mapper}`,
  RABBITMQ_NODENAME: `sluice-${ports.amqp}@localhost`,
  RABBITMQ_NODE_IP_ADDRESS: Port.loopback,
  RABBITMQ_NODE_PORT: `${ports.amqp}`,
  RABBITMQ_DIST_PORT: `${ports.distribution}`,
  RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
  RABBITMQ_LOG_BASE: join(folder, "log"),
  RABBITMQ_PID_FILE: join(folder, "rabbitmq.pid"),
  RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
  RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
  // Whatever /etc/rabbitmq says is meant for the machine's broker.
  RABBITMQ_CONFIG_FILES: join(folder, "conf.d"),
  RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, "advanced.config"),
  RABBITMQ_CONF_ENV_FILE: join(folder, "rabbitmq-env.conf"),
  // Has the script become the broker, so that its pid is the broker's, and not wait for it.
  RUNNING_UNDER_SYSTEMD: "true",
  // RabbitMQ's own arguments forbid schedulers to spin for a moment before they sleep, which doubles the start time.
  RABBITMQ_SERVER_ERL_ARGS: "+P 65536",
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}"
})

const listNames = Uint8Array.of(0, 1, "n".charCodeAt(0))

const furnish = (folder: string) =>
  inFolder(async () => {
    await Promise.all(["home", "log", "mnesia", "conf.d"].map((child) => mkdir(join(folder, child))))
    await Promise.all([
      writeFile(join(folder, "enabled_plugins"), "[].\n"),
      writeFile(join(folder, "advanced.config"), "[].\n"),
      writeFile(join(folder, "rabbitmq-env.conf"), ""),
      writeFile(join(folder, "rabbitmq.conf"), "log.file = false\nlog.console = true\n")
    ])
  })

const empty = (folder: string) =>
  inFolder(async () => {
    await rm(folder, { recursive: true, maxRetries: 5 })
    await mkdir(folder)
  })

const inFolder = (act: () => Promise<void>) =>
  Effect.tryPromise({
    try: act,
    catch: (cause) => new ServerUnavailable({ server: name, reason: "Folder", detail: String(cause), cause })
  })
