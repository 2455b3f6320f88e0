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
  readonly hold: Effect.Effect<void>
  /** Resets every connection, and new ones as soon as they are made. */
  readonly refuse: Effect.Effect<void>
  /** Every byte takes so many milliseconds longer, each way. */
  readonly slow: (delayMs: number) => Effect.Effect<void>
  /** Resets each connection once it has answered so many bytes more. */
  readonly breakAfter: (bytes: number) => Effect.Effect<void>
  /** New connections are as they should be. Those that are lost stay so. */
  readonly release: Effect.Effect<void>
  /** The same, and what was lost goes on where it was, as after a partition. */
  readonly heal: Effect.Effect<void>
}

interface Manner {
  readonly way: "open" | "held" | "refusing"
  readonly delayMs: number
  readonly breakAfter: number
}

const wellBehaved: Manner = { way: "open", delayMs: 0, breakAfter: Number.POSITIVE_INFINITY }

interface Pair {
  readonly near: Socket
  readonly far: Socket
  lost: boolean
  answered: number
}

/** A proxy to a port of this machine, for the life of the scope. */
export const make = (target: number): Effect.Effect<Proxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const pairs = new Set<Pair>()
    const unanswered = new Set<Socket>()
    let manner = wellBehaved

    const server = createServer((near) => {
      if (manner.way === "refusing") return void near.on("error", () => undefined).resetAndDestroy()
      if (manner.way === "held") return void unanswered.add(near.on("error", () => undefined).pause())
      join(near)
    })
    const join = (near: Socket) => {
      const far = connect(target, "127.0.0.1")
      const pair: Pair = { near, far, lost: false, answered: 0 }
      pairs.add(pair)
      const path = { delayMs: () => manner.delayMs, lost: () => pair.lost }
      carry(near, far, { ...path, passes: () => true })
      carry(far, near, {
        ...path,
        passes: (bytes) => {
          pair.answered += bytes
          if (pair.answered <= manner.breakAfter) return true
          near.resetAndDestroy()
          return false
        }
      })
      for (const [from, to] of [[near, far], [far, near]] as const) {
        // Whatever ends one side ends the other, and shows there.
        from.on("error", () => undefined).once("close", () => {
          pairs.delete(pair)
          to.destroy()
        })
      }
    }
    const cut = Effect.sync(() => {
      for (const { far, near } of pairs) {
        near.resetAndDestroy()
        far.destroy()
      }
      for (const near of unanswered) near.destroy()
      unanswered.clear()
    })
    const behave = (change: Partial<Manner>) =>
      Effect.sync(() => {
        manner = { ...manner, ...change }
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
    const release = behave(wellBehaved)
    return {
      port: (server.address() as AddressInfo).port,
      open: Effect.sync(() => pairs.size),
      cut,
      lose: Effect.sync(() => {
        for (const pair of pairs) {
          pair.lost = true
          pair.near.pause()
          pair.far.pause()
        }
      }),
      hold: behave({ way: "held" }),
      refuse: Effect.zipRight(behave({ way: "refusing" }), cut),
      slow: (delayMs) => behave({ delayMs }),
      breakAfter: (breakAfter) =>
        Effect.zipRight(
          Effect.sync(() => {
            for (const pair of pairs) pair.answered = 0
          }),
          behave({ breakAfter })
        ),
      release,
      heal: Effect.zipRight(
        release,
        Effect.sync(() => {
          for (const pair of pairs) {
            if (!pair.lost) continue
            pair.lost = false
            pair.near.resume()
            pair.far.resume()
          }
          for (const near of unanswered) join(near)
          unanswered.clear()
        })
      )
    }
  })

/** Hands on what comes in, in order, each piece after the delay of its moment. */
const carry = (from: Socket, to: Socket, path: Path): void => {
  const waiting: Array<() => void> = []
  let dueAt = 0
  const inOrder = (act: () => void) => {
    const delay = path.delayMs()
    if (delay === 0 && waiting.length === 0) return act()
    const now = performance.now()
    dueAt = Math.max(dueAt, now + delay)
    waiting.push(act)
    setTimeout(() => waiting.shift()?.(), dueAt - now)
  }
  from.on("data", (chunk: Buffer) =>
    inOrder(() => {
      if (!path.passes(chunk.length) || to.destroyed || to.write(chunk)) return
      from.pause()
      to.once("drain", () => {
        if (!path.lost()) from.resume()
      })
    }))
  from.once("end", () => inOrder(() => to.end()))
}

interface Path {
  readonly delayMs: () => number
  readonly lost: () => boolean
  /** Whether so many bytes more may pass. */
  readonly passes: (bytes: number) => boolean
}
