import { Clock, Duration, Effect, Option, Ref, Schedule, type Scope } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Proxy from "../support/Proxy.ts"
import * as Binary from "../support/servers/Binary.ts"
import * as Port from "../support/servers/Port.ts"
import * as Process from "../support/servers/Process.ts"
import type { ServerUnavailable } from "../support/servers/ServerUnavailable.ts"
import type { BadEnd } from "./Books.ts"
import * as Environment from "./Environment.ts"
import type { Ground } from "./Ground.ts"
import type { Member, Server } from "./Kinds.ts"
import type { Mutant } from "./Options.ts"

/** One process under test with a clock and lines of its own. It is started again whenever it ends, as an orchestrator does. */
export interface Host {
  readonly pid: Effect.Effect<Option.Option<number>>
  readonly log: string
  readonly kill: Effect.Effect<void>
  /** SIGTERM; waits until it has ended. */
  readonly terminate: Effect.Effect<void>
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** Sets its clock so many milliseconds ahead. */
  readonly shiftClock: (millis: number) => Effect.Effect<void>
  readonly lines: Readonly<Record<Server, Proxy.Proxy>>
  /** The way of everybody else to it. */
  readonly entrance: Proxy.Proxy
  readonly started: Effect.Effect<void>
  /** Ends it for good; it is not started again before `revive`. */
  readonly retire: Effect.Effect<void>
  readonly revive: Effect.Effect<void>
}

export interface Options {
  readonly member: Member
  readonly folder: string
  readonly ground: Ground
  readonly without: Option.Option<Mutant>
  readonly onBadEnd: (end: BadEnd) => Effect.Effect<void>
}

const restartAfter = Duration.seconds(1)
const stopTime = Duration.seconds(30)
const dist = new URL("../../dist/", import.meta.url)
const mutants = new URL("mutants/", import.meta.url)
const files: Readonly<Record<Mutant, string>> = {
  "sweeper": "NoSweeper.ts",
  "fence": "NoFence.ts",
  "confirms": "NoConfirms.ts",
  "lease": "NoLease.ts",
  "lock-token": "NoLockToken.ts"
}
const clock = new URL("clock/preload.js", import.meta.url).href

export const make = Effect.fn("Host.make")(
  function*(
    { folder, ground, member, onBadEnd, without }: Options
  ): Effect.fn.Return<Host, ServerUnavailable, Scope.Scope> {
    const isApi = member.startsWith("api")
    const port = yield* Port.free
    const lines = yield* Effect.all({
      postgres: Proxy.make(ground.postgres.port),
      redis: Proxy.make(ground.redis.port),
      rabbitmq: Proxy.make(ground.rabbitMq.port)
    })
    const clockFile = join(folder, `${member}.clock`)
    const process = yield* Process.make({
      name: member,
      folder,
      file: globalThis.process.execPath,
      args: entry(isApi, without),
      env: {
        PATH: yield* Binary.searchPath,
        HOME: folder,
        NODE_OPTIONS: `--import=${clock}`,
        SLUICE_TEST_CLOCK: clockFile,
        ...Environment.make({
          postgres: through(ground.postgres, lines.postgres),
          redis: through(ground.redis, lines.redis),
          rabbitMq: through(ground.rabbitMq, lines.rabbitmq),
          port
        })
      },
      account: Option.none(),
      farewell: "SIGTERM",
      stopTime,
      ready: isApi
        ? Port.answers({ host: Port.loopback, port }, "GET /api/v1/health/live HTTP/1.0\r\n\r\n", /^HTTP/)
        : Effect.void
    })
    const expected = yield* Ref.make(Option.none<string>())
    const retired = yield* Ref.make(false)
    const running = Effect.map(process.pid, Option.isSome)

    const note = Effect.fnUntraced(function*(how: string) {
      const told = yield* Ref.getAndSet(expected, Option.none())
      if (Option.contains(told, how)) return
      const asTold = Option.match(told, { onNone: () => "though nobody ended it", onSome: (_) => `instead of ${_}` })
      yield* onBadEnd({ member, at: yield* Clock.currentTimeMillis, how: `${how} ${asTold}` })
    })
    // Who ends at the start has that for an end too, and the next round tries again.
    const employ = Effect.ignore(process.start).pipe(
      Effect.zipRight(process.ended),
      Effect.flatMap(note),
      Effect.zipRight(Effect.sleep(restartAfter))
    )
    yield* employ.pipe(
      Effect.unlessEffect(Ref.get(retired)),
      Effect.zipRight(Effect.sleep("50 millis")),
      Effect.forever,
      Effect.forkScoped
    )

    const end = (how: string, act: Effect.Effect<void>) =>
      Effect.zipRight(Effect.whenEffect(Ref.set(expected, Option.some(how)), running), act)
    const terminate = end("code 0", process.stop)
    const started = running.pipe(
      Effect.repeat({ until: (_) => _, schedule: Schedule.spaced("50 millis") }),
      Effect.asVoid
    )
    return {
      pid: process.pid,
      log: process.log,
      kill: end("SIGKILL", process.kill),
      terminate,
      freeze: process.pause,
      thaw: process.resume,
      shiftClock: (millis) => Environment.shiftClock(clockFile, millis),
      lines,
      entrance: yield* Proxy.make(port),
      started,
      retire: Effect.zipRight(Ref.set(retired, true), terminate),
      revive: Effect.zipRight(Ref.set(retired, false), started)
    }
  }
)

const entry = (isApi: boolean, without: Option.Option<Mutant>): ReadonlyArray<string> =>
  Option.match(without, {
    onNone: () => [fileURLToPath(new URL(isApi ? "api/server.js" : "worker/worker.js", dist))],
    onSome: (mutant) => [
      `--import=${import.meta.resolve("tsx")}`,
      fileURLToPath(new URL(files[mutant], mutants)),
      isApi ? "api" : "worker"
    ]
  })

const through = ({ port, url }: { readonly url: string; readonly port: number }, proxy: Proxy.Proxy): string =>
  url.replace(`:${port}`, `:${proxy.port}`)
