import { Clock, Deferred, type Duration, Effect, FiberId, Option, Ref, Schedule } from "effect"
import { spawn } from "node:child_process"
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Account } from "./PrivateFolder.ts"
import { ServerUnavailable } from "./ServerUnavailable.ts"

export interface Command {
  /** Names the files in the folder: `name.log`, and `name.group` for the folder's guard. */
  readonly name: string
  readonly folder: string
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly account: Option.Option<Account>
  /** What asks the server for an orderly end. */
  readonly farewell: NodeJS.Signals
  readonly ready: Effect.Effect<void, string>
  /** How long it may take over an orderly end. */
  readonly stopTime?: Duration.DurationInput
}

/** A server that can be hurt. Every method waits until it is done, and does no harm when there is nothing to do. */
export interface ServerProcess {
  readonly folder: string
  readonly log: string
  /** None when it is not running, for whatever reason. */
  readonly pid: Effect.Effect<Option.Option<number>>
  /** How the one that was started last ends: a signal's name, or `code` and a number. Waits for it. */
  readonly ended: Effect.Effect<string>
  /** Succeeds once the server answers. */
  readonly start: Effect.Effect<void, ServerUnavailable>
  /** An orderly end; a server that takes too long over it is killed. */
  readonly stop: Effect.Effect<void>
  /** SIGKILL to the server and its children. */
  readonly kill: Effect.Effect<void>
  readonly restart: Effect.Effect<void, ServerUnavailable>
  /** SIGSTOP to the server and its children: their sockets stay open and nobody answers. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}

interface Child {
  readonly pid: number
  readonly gone: Deferred.Deferred<string>
}

export const groupFile = (name: string): string => `${name}.group`

/** A server that is not started yet. The guard of its folder ends it. */
export const make = Effect.fn("Process.make")(function*(command: Command) {
  const latest = yield* Ref.make(Option.none<Child>())
  const turn = yield* Effect.makeSemaphore(1)

  const running = Effect.flatMap(
    Ref.get(latest),
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: (child) => Effect.map(Deferred.isDone(child.gone), (gone) => gone ? Option.none() : Option.some(child))
    })
  )
  const whileRunning = (act: (child: Child) => Effect.Effect<void>) =>
    Effect.flatMap(running, Option.match({ onNone: () => Effect.void, onSome: act }))

  const launch = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const child = yield* spawned(command)
      yield* Ref.set(latest, Option.some(child))
      yield* restore(Effect.raceFirst(answering(command), diedEarly(command, child))).pipe(
        Effect.onError(() => slaughter(child))
      )
    })
  )

  const start = Effect.asVoid(Effect.unlessEffect(launch, Effect.map(running, Option.isSome)))
  const stop = whileRunning((child) => dismiss(child, command.farewell, command.stopTime))
  const inTurn = <A, E>(act: Effect.Effect<A, E>) =>
    // Servers live in real time, also in a test with a TestClock.
    turn.withPermits(1)(act).pipe(Effect.withClock(Clock.make()))

  const server: ServerProcess = {
    folder: command.folder,
    log: logOf(command),
    pid: Effect.map(running, Option.map((child) => child.pid)),
    ended: Effect.flatMap(
      Ref.get(latest),
      Option.match({ onNone: () => Effect.never, onSome: ({ gone }) => Deferred.await(gone) })
    ),
    start: inTurn(start),
    stop: inTurn(stop),
    kill: inTurn(whileRunning(slaughter)),
    restart: inTurn(Effect.zipRight(stop, start)),
    pause: inTurn(whileRunning(freeze)),
    resume: inTurn(whileRunning((child) => signalFamily(child, "SIGCONT")))
  }
  // A frozen server cannot say goodbye.
  yield* Effect.addFinalizer(() => server.resume)
  return server
})

const startTime = "60 seconds"
const readiness = Schedule.spaced("25 millis").pipe(Schedule.upTo(startTime))
const stopTime = "10 seconds"
const reapTime = "5 seconds"

const logOf = ({ folder, name }: Command) => join(folder, `${name}.log`)

const spawned = (command: Command) =>
  Effect.async<Child, ServerUnavailable>((resume) => {
    const fail = (cause: unknown) =>
      resume(
        new ServerUnavailable({ server: command.name, reason: "Spawn", detail: `cannot be started (${cause})`, cause })
      )
    try {
      const gone = Deferred.unsafeMake<string>(FiberId.none)
      const output = openSync(logOf(command), "a")
      const child = spawn(command.file, command.args, {
        cwd: command.folder,
        detached: true,
        env: command.env,
        stdio: ["ignore", output, output],
        ...Option.getOrUndefined(command.account)
      })
      closeSync(output)
      child.on("error", fail)
      child.once("exit", (code, signal) => Deferred.unsafeDone(gone, Effect.succeed(signal ?? `code ${code}`)))
      child.unref()
      if (child.pid === undefined) return
      writeFileSync(join(command.folder, groupFile(command.name)), `${child.pid}\n`)
      resume(Effect.succeed({ pid: child.pid, gone }))
    } catch (cause) {
      fail(cause)
    }
  })

const answering = (command: Command) =>
  command.ready.pipe(
    Effect.retry(readiness),
    Effect.mapError((how) =>
      new ServerUnavailable({
        server: command.name,
        reason: "NotReady",
        detail: `${how}, ${startTime} after its start: ${lastLines(logOf(command))}`
      })
    )
  )

const diedEarly = (command: Command, child: Child) =>
  Effect.flatMap(Deferred.await(child.gone), (how) =>
    new ServerUnavailable({
      server: command.name,
      reason: "Exited",
      detail: `ended with ${how} at its start: ${lastLines(logOf(command))}`
    }))

// A frozen server hears it when it wakes.
const dismiss = (child: Child, farewell: NodeJS.Signals, patience: Duration.DurationInput = stopTime) =>
  Effect.sync(() => signalGroup(child, farewell)).pipe(
    Effect.zipRight(signalFamily(child, "SIGCONT")),
    Effect.zipRight(Deferred.await(child.gone)),
    Effect.timeoutOption(patience),
    Effect.zipRight(slaughter(child))
  )

// Frozen first, so that nobody has another child between the count and the kill.
const slaughter = (child: Child) =>
  freeze(child).pipe(
    Effect.zipRight(signalFamily(child, "SIGKILL")),
    Effect.zipRight(Deferred.await(child.gone)),
    Effect.timeoutOption(reapTime),
    Effect.asVoid
  )

const freeze = (child: Child) =>
  Effect.sync(() => signalGroup(child, "SIGSTOP")).pipe(Effect.zipRight(signalFamily(child, "SIGSTOP")))

const signalFamily = (child: Child, signal: NodeJS.Signals) =>
  Effect.sync(() => {
    const descendants = descendantsOf(child.pid)
    signalGroup(child, signal)
    for (const pid of descendants) attempt(() => process.kill(pid, signal), false)
  })

const signalGroup = (child: Child, signal: NodeJS.Signals) => attempt(() => process.kill(-child.pid, signal), false)

// PostgreSQL's and Erlang's children leave the group of their parent.
const descendantsOf = (pid: number): ReadonlyArray<number> =>
  attempt(() => readdirSync(`/proc/${pid}/task`), [])
    .flatMap((task) =>
      attempt(() => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"), "").match(/\d+/g) ?? []
    )
    .map(Number)
    .flatMap((child) => [child].concat(descendantsOf(child)))

const lastLines = (log: string) =>
  attempt(() => readFileSync(log, "utf8"), "").trim().split("\n").slice(-5).map((line) => line.trim()).join(" | ")

const attempt = <A>(act: () => A, otherwise: A): A => {
  try {
    return act()
  } catch {
    return otherwise
  }
}
