import { Effect, Option, type Scope } from "effect"
import * as Binary from "./Binary.ts"
import * as Port from "./Port.ts"
import * as PrivateFolder from "./PrivateFolder.ts"
import * as Process from "./Process.ts"
import type { ServerUnavailable } from "./ServerUnavailable.ts"

/** It keeps nothing: whoever restarts it finds it empty. */
export interface RedisServer extends Process.ServerProcess {
  readonly url: string
  readonly port: number
}

const name = "redis-server"

/** The machine's own `redis-server`, private, on a free port, gone with the scope. */
export const start: Effect.Effect<RedisServer, ServerUnavailable, Scope.Scope> = Effect.gen(function*() {
  const file = yield* Binary.find(name)
  const port = yield* Port.free
  const folder = yield* PrivateFolder.make({ server: "redis", groups: [Process.groupFile(name)], farewell: "KILL" })
  const server = yield* Process.make({
    name,
    folder,
    file,
    args: ["--port", `${port}`, "--bind", Port.loopback, "--dir", folder, "--save", "", "--appendonly", "no"],
    env: {},
    account: Option.none(),
    farewell: "SIGTERM",
    ready: Port.answers({ host: Port.loopback, port }, "PING\r\n", /^\+PONG/)
  })
  yield* server.start
  const redis: RedisServer = { ...server, port, url: `redis://${Port.loopback}:${port}` }
  return redis
})
