import { Clock, Effect, Schedule, type Scope } from "effect"
import { connect, createServer, type Server, type Socket } from "node:net"
import * as Port from "./servers/Port.ts"

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
  /** Resets every connection, and listens no more. */
  readonly close: Effect.Effect<void>
  /** Every byte takes so many milliseconds longer, each way. */
  readonly slow: (delayMs: number) => Effect.Effect<void>
  /** Resets each connection once it has answered so many bytes more, in the midst of an answer. */
  readonly breakAfter: (bytes: number) => Effect.Effect<void>
  /** New connections are as they should be. What was lost or held is lost for good, and nobody is told. */
  readonly release: Effect.Effect<void>
  /** The same, but what was lost or held goes on where it was, as after a partition. */
  readonly heal: Effect.Effect<void>
}

interface Manner {
  readonly way: "open" | "held" | "refusing" | "closed"
  readonly delayMs: number
  readonly breakAfter: number
}

/** Who has a reset together with the last bytes takes it for an ordinary end. */
const readTimeMs = 20

const wellBehaved: Manner = { way: "open", delayMs: 0, breakAfter: Number.POSITIVE_INFINITY }

interface Pair {
  readonly near: Socket
  readonly far: Socket
  /** `lost`: nothing comes through, yet. `dead`: nothing ever will. */
  state: "well" | "lost" | "dead"
  answered: number
}

/** A proxy to a port of this machine, for the life of the scope. */
export const make = (target: number): Effect.Effect<Proxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const pairs = new Set<Pair>()
    const unanswered = new Set<Socket>()
    const forgotten = new Set<Socket>()
    let manner = wellBehaved

    const server = createServer((near) => {
      near.on("error", () => undefined)
      if (manner.way === "refusing") return void near.resetAndDestroy()
      if (manner.way === "held") return wait(near)
      join(near)
    })
    const wait = (near: Socket) => {
      unanswered.add(near.pause())
      near.once("close", () => {
        unanswered.delete(near)
        forgotten.delete(near)
      })
    }
    const join = (near: Socket) => {
      const far = connect(target, Port.loopback)
      const pair: Pair = { near, far, state: "well", answered: 0 }
      pairs.add(pair)
      const path = { delayMs: () => manner.delayMs, flows: () => pair.state !== "lost" }
      carry(near, far, { ...path, pass: (chunk) => pair.state === "dead" ? undefined : chunk })
      carry(far, near, { ...path, pass: (chunk) => pair.state === "dead" ? undefined : unbroken(pair, chunk) })
      for (const [from, to] of [[near, far], [far, near]] as const) {
        // Whatever ends one side ends the other, and shows there.
        from.on("error", () => undefined).once("close", () => {
          pairs.delete(pair)
          to.destroy()
        })
      }
      // One that had to wait was paused.
      near.resume()
    }
    /** What of an answer may pass. Where that is not all of it, the connection is reset behind it. */
    const unbroken = (pair: Pair, chunk: Buffer): Buffer | undefined => {
      const room = manner.breakAfter - pair.answered
      pair.answered += chunk.length
      if (chunk.length <= room) return chunk
      pair.state = "dead"
      pair.near.write(chunk.subarray(0, room), () => setTimeout(() => pair.near.resetAndDestroy(), readTimeMs))
      return undefined
    }

    const cut = Effect.sync(() => {
      for (const { far, near } of pairs) {
        near.resetAndDestroy()
        far.destroy()
      }
      for (const near of [...unanswered, ...forgotten]) near.destroy()
    })
    const port = yield* Effect.acquireRelease(listening(server), () =>
      Effect.zipRight(
        cut,
        Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
      ))
    const reopen = Effect.unless(reopened(server, port), () => server.listening)
    const behave = (change: Partial<Manner>) =>
      Effect.suspend(() => {
        manner = { ...manner, ...change }
        return Effect.asVoid(Effect.unless(reopen, () => manner.way === "closed"))
      })
    const each = (act: (pair: Pair) => void) => Effect.sync(() => pairs.forEach(act))

    return {
      port,
      open: Effect.sync(() => pairs.size),
      cut,
      lose: each((pair) => {
        if (pair.state === "well") pair.state = "lost"
        pair.near.pause()
        pair.far.pause()
      }),
      hold: behave({ way: "held" }),
      refuse: Effect.zipRight(behave({ way: "refusing" }), cut),
      close: Effect.all([behave({ way: "closed" }), Effect.sync(() => server.close()), cut], { discard: true }),
      slow: (delayMs) => behave({ delayMs }),
      breakAfter: (breakAfter) =>
        Effect.zipRight(
          each((pair) => {
            pair.answered = 0
          }),
          behave({ breakAfter })
        ),
      release: behave(wellBehaved).pipe(
        Effect.zipRight(each((pair) => {
          if (pair.state !== "lost") return
          pair.state = "dead"
          // So that the end of this side shows, and the server need not keep the other one.
          pair.near.resume()
        })),
        Effect.zipRight(Effect.sync(() => {
          for (const near of unanswered) forgotten.add(near.resume())
          unanswered.clear()
        }))
      ),
      heal: behave(wellBehaved).pipe(
        Effect.zipRight(each((pair) => {
          if (pair.state !== "lost") return
          pair.state = "well"
          pair.near.resume()
          pair.far.resume()
        })),
        Effect.zipRight(Effect.sync(() => {
          for (const near of unanswered) join(near)
          unanswered.clear()
        }))
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
      const piece = path.pass(chunk)
      if (piece === undefined || to.destroyed || to.write(piece)) return
      from.pause()
      to.once("drain", () => {
        if (path.flows()) from.resume()
      })
    }))
  from.once("end", () => inOrder(() => to.end()))
}

interface Path {
  readonly delayMs: () => number
  readonly flows: () => boolean
  /** What of a piece may pass. */
  readonly pass: (chunk: Buffer) => Buffer | undefined
}

const tries = 20
const patiently = Schedule.spaced("50 millis").pipe(Schedule.upTo("20 seconds"))

/** Has it listen on a port that no connection is given, so that it is there to come back to. */
const listening = (server: Server): Effect.Effect<number> =>
  Port.free.pipe(
    Effect.tap((port) => listen(server, port)),
    Effect.retry({ times: tries }),
    Effect.orDie
  )

const reopened = (server: Server, port: number): Effect.Effect<void> =>
  listen(server, port).pipe(Effect.retry(patiently), Effect.orDie, Effect.withClock(Clock.make()))

const listen = (server: Server, port: number) =>
  Effect.async<void, Error>((resume) => {
    const fail = (error: Error) => resume(Effect.fail(error))
    server.once("error", fail).listen(port, Port.loopback, () => {
      server.off("error", fail)
      resume(Effect.void)
    })
  })
