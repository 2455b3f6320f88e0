import { Effect, type Scope } from "effect"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** A way to a server that can be hurt without hurting the server. */
export interface Proxy {
  readonly port: number
  /** Connections that are open now. */
  readonly open: Effect.Effect<number>
  /** Resets every connection. */
  readonly cut: Effect.Effect<void>
  /** Lets nothing more through on the connections that are open, and leaves them open, as a lost host does. */
  readonly lose: Effect.Effect<void>
  /** Takes new connections, and lets nothing through on them. */
  /** Resets every connection and takes no new one. */
  readonly close: Effect.Effect<void>
  readonly hold: Effect.Effect<void>
  readonly release: Effect.Effect<void>
}

/** A proxy to a port of this machine, for the life of the scope. */
export const make = (target: number): Effect.Effect<Proxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const pairs = new Set<readonly [Socket, Socket]>()
    const unanswered = new Set<Socket>()
    let held = false
    const server = createServer((near) => {
      if (held) return void unanswered.add(near.on("error", () => undefined).resume())
      const far = connect(target, "127.0.0.1")
      const pair = [near, far] as const
      pairs.add(pair)
      for (const [from, to] of [[near, far], [far, near]] as const) {
        from.pipe(to)
        // Whatever ends one side ends the other, and shows there.
        from.on("error", () => undefined).once("close", () => {
          pairs.delete(pair)
          to.destroy()
        })
      }
    })
    const cut = Effect.sync(() => {
      for (const [near, far] of pairs) {
        near.resetAndDestroy()
        far.destroy()
      }
      for (const near of unanswered) near.destroy()
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.zipRight(
          cut,
          Effect.async<void>((resume) => {
            server.close(() => resume(Effect.void))
          })
        )
    )
    return {
      port: (server.address() as AddressInfo).port,
      open: Effect.sync(() => pairs.size),
      cut,
      lose: Effect.sync(() => {
        for (const [near, far] of pairs) {
          near.unpipe(far)
          far.unpipe(near)
        }
      }),
      close: Effect.zipRight(Effect.sync(() => void server.close()), cut),
      hold: Effect.sync(() => {
        held = true
      }),
      release: Effect.sync(() => {
        held = false
      })
    }
  })
