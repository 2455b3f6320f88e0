import { Effect, type Scope } from "effect"
import { randomInt } from "node:crypto"
import { connect, createServer, type NetConnectOpts, type Server } from "node:net"
import { ServerUnavailable } from "./ServerUnavailable.ts"

export const loopback = "127.0.0.1"

// Below those that connections get.
const lowest = 10_000
const highest = 32_000
const tries = 20

/**
 * A free port that is ours until the scope closes: several of one scope are all different. The kernel gives none of these
 * to a connection, so whoever had it can have it again after a restart.
 */
export const held: Effect.Effect<number, ServerUnavailable, Scope.Scope> = Effect.suspend(() =>
  Effect.acquireRelease(
    Effect.retry(Effect.suspend(() => listening(randomInt(lowest, highest))), { times: tries }),
    closed
  )
).pipe(
  Effect.map((server) => server.address()),
  Effect.flatMap((address) =>
    typeof address === "object" && address !== null ? Effect.succeed(address.port) : noPort(address)
  )
)

/** A port that nobody listens on. */
export const free: Effect.Effect<number, ServerUnavailable> = Effect.scoped(held)

/** Succeeds when a server answers the greeting as it should; fails with what it does instead. */
export const answers = (
  target: NetConnectOpts,
  greeting: string | Uint8Array,
  expected: RegExp
): Effect.Effect<void, string> =>
  Effect.async<void, string>((resume) => {
    const socket = connect(target, () => socket.write(greeting))
    const settle = (outcome: Effect.Effect<void, string>) => {
      socket.destroy()
      resume(outcome)
    }
    socket.once("data", (chunk) =>
      settle(expected.test(chunk.toString("latin1")) ? Effect.void : Effect.fail("answers something else")))
    socket.on("error", (error) =>
      settle(Effect.fail(error.message)))
    socket.once("close", () => settle(Effect.fail("hangs up")))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutFail({ duration: answerTime, onTimeout: () => "does not answer" }))

const answerTime = "1 second"

const listening = (port: number) =>
  Effect.async<Server, ServerUnavailable>((resume) => {
    const server = createServer()
    server.once("error", (cause) => resume(noPort(cause)))
    server.listen(port, loopback, () => resume(Effect.succeed(server)))
  })

const closed = (server: Server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))

const noPort = (cause: unknown) =>
  Effect.fail(new ServerUnavailable({ server: loopback, reason: "Port", detail: `no free port (${cause})`, cause }))
