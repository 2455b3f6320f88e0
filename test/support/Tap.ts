import { Effect, type Scope } from "effect"
import { connect, createServer, type Socket } from "node:net"
import * as Port from "./servers/Port.ts"

/** A way to a server of this machine on which everything is overheard. */
export interface Tap {
  readonly url: string
  /** All that went through it so far, each direction of each connection on its own. */
  readonly heard: Effect.Effect<ReadonlyArray<Buffer>>
  /** Ends every connection. */
  readonly cut: Effect.Effect<void>
}

/** For the life of the scope. */
export const make = (target: string): Effect.Effect<Tap, never, Scope.Scope> =>
  Effect.gen(function*() {
    const lines: Array<Array<Buffer>> = []
    const sockets = new Set<Socket>()
    const overhear = (from: Socket, to: Socket) => {
      const line: Array<Buffer> = []
      lines.push(line)
      sockets.add(from)
      from.on("data", (chunk: Buffer) => line.push(chunk)).on("error", () => undefined).once(
        "close",
        () => to.destroy()
      )
      from.pipe(to)
    }
    const { hostname, port } = new URL(target)
    const server = createServer((near) => {
      const far = connect(Number(port), hostname)
      overhear(near, far)
      overhear(far, near)
    })
    const cut = Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
    const listening = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        server.listen(0, Port.loopback, () => {
          const address = server.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      }),
      () => Effect.zipRight(cut, Effect.async<void>((resume) => void server.close(() => resume(Effect.void))))
    )
    const url = new URL(target)
    url.hostname = Port.loopback
    url.port = String(listening)
    return { url: url.href, heard: Effect.sync(() => lines.map((line) => Buffer.concat(line))), cut }
  })
