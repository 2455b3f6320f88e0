import { SqlClient } from "@effect/sql"
import { Clock, Console, Duration, Effect, Fiber, Random, Schedule } from "effect"
import type { Books, Incident } from "./Books.ts"
import * as Database from "./Database.ts"
import * as Doctor from "./Doctor.ts"
import * as Faults from "./Faults.ts"
import * as Fleet from "./Fleet.ts"
import { apis, members } from "./Kinds.ts"
import type { Trouble } from "./Plan.ts"
import * as Queues from "./Queues.ts"
import * as Recovery from "./Recovery.ts"
import * as Settling from "./Settling.ts"
import type { World } from "./World.ts"

const warmUp = Duration.seconds(3)
const tellEvery = Duration.seconds(10)

export interface Options {
  readonly seed: string
  readonly rate: number
  /** How long the faults last. */
  readonly seconds: number
  readonly plan: ReadonlyArray<Trouble>
  /** How long nothing may move in the end before what is left counts as stuck. */
  readonly patience: Duration.Duration
}

/** Load, faults in the midst of it, and peace until nothing moves any more. What everybody wrote down meanwhile. */
export const run = Effect.fn("Storm.run")(function*(world: World, { patience, plan, rate, seconds, seed }: Options) {
  const startedAt = yield* Clock.currentTimeMillis
  const incidents: Array<Incident> = []
  const loading = yield* Effect.fork(world.load.steady(rate))
  const telling = yield* Effect.fork(tell(world, startedAt))
  yield* Effect.sleep(warmUp)
  yield* Effect.all([
    Effect.forEach(plan, (trouble, index) =>
      Faults.inflict(world, trouble).pipe(
        Effect.delay(Duration.seconds(trouble.at)),
        Effect.flatMap((incident) => Effect.sync(() => incidents.push(incident))),
        Effect.withRandom(Random.make(`${seed} ${index}`))
      ), { concurrency: "unbounded", discard: true }),
    Effect.sleep(Duration.seconds(seconds))
  ], { concurrency: "unbounded", discard: true })
  yield* Fiber.interrupt(loading)
  const { offered } = yield* world.load.counts
  yield* Console.log(`  ${offered} webhooks sent, the faults are over; settling`)
  const settled = yield* Settling.settle(world, patience)
  yield* Fiber.interrupt(telling)
  const [tried, recovery] = yield* Effect.timed(Recovery.check(world, seed))
  yield* Console.log(`  settled after ${wholeSeconds(settled)}; everybody was tried alone in ${wholeSeconds(tried)}`)
  return yield* closeBooks(world, incidents, recovery)
})

const wholeSeconds = (duration: Duration.Duration): string => `${Math.round(Duration.toSeconds(duration))} s`

/** Looks at what is left, ends the fleet in an orderly way, and collects what is written down. */
export const closeBooks = Effect.fnUntraced(function*(
  world: World,
  incidents: ReadonlyArray<Incident>,
  recovery: Recovery.Recovery
) {
  const [looked, [leftInQueues, doctor]] = yield* Effect.timed(
    Effect.all([Queues.left(world), Doctor.findings(world)], { concurrency: "unbounded" })
  )
  yield* Console.log(`  the queues and the doctor were asked in ${wholeSeconds(looked)}`)
  yield* Effect.forEach(members, (_) => world.fleet.hosts[_].retire, { concurrency: "unbounded", discard: true })
  yield* world.logs.catchUp
  const rows = yield* Effect.all({
    events: Database.events,
    deliveries: Database.deliveries,
    attempts: Database.attempts,
    rejections: Database.rejections
  }).pipe(Effect.provideService(SqlClient.SqlClient, world.sql))
  return {
    ...rows,
    apis: apis.map((_) => [Fleet.baseOf(world.fleet.hosts[_]), _] as const),
    webhooks: [...yield* world.load.webhooks, ...recovery.webhooks],
    calls: yield* world.callbacks.calls,
    incidents,
    badEnds: yield* world.fleet.badEnds,
    badLines: world.logs.badLines,
    finds: world.logs.finds,
    brokenLocks: world.locks.broken,
    signingSecrets: [...world.signingSecrets],
    leftInQueues,
    notRecovered: recovery.problems,
    doctor,
    sawNothing: [
      ...world.logs.unheard(),
      ...(yield* world.locks.taken) > 0 ? [] : ["Redis was not seen to give away a single lock"]
    ]
  } satisfies Books
})

/** How far it is, now and then. */
export const tell = (world: World, startedAt: number) =>
  Effect.gen(function*() {
    const { attempts, ended, open } = yield* Settling.progress(world)
    const seconds = Math.round(((yield* Clock.currentTimeMillis) - startedAt) / 1_000)
    const { offered, pending } = yield* world.load.counts
    const memory = members.map((_) => Math.round(world.memory[_].at(-1)?.megabytes ?? 0)).join("/")
    yield* Console.log(
      `  ${seconds} s: ${offered} sent, ${pending} pending, ${ended} ended, ${open} open, ` +
        `${attempts} attempts, ${memory} MB`
    )
  }).pipe(Effect.repeat(Schedule.spaced(tellEvery)))
