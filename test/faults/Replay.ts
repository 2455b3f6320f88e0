import { Clock, Console, Duration, Effect, Fiber, Schedule, Schema } from "effect"
import { Replay } from "../../src/domain/Replay.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Doctor from "./Doctor.ts"
import { workers } from "./Kinds.ts"
import type { World } from "./World.ts"

const slug = "replayed"
const senders = 64
const patience = 600_000
/** The shares of the replay after which every worker is killed. */
const killsAt = [0.25, 0.6]
const look = Schedule.spaced("250 millis")
/** Who is killed so long after a call came to the callback may not have recorded the answer yet. */
const unrecordedMs = 3_000

/** What an operator saw of the replay at a moment. */
interface Seen {
  readonly at: number
  readonly done: number
}

export interface Outcome {
  readonly seen: ReadonlyArray<Seen>
  readonly problems: ReadonlyArray<string>
}

/** So many events are delivered, and then replayed while every worker is killed twice. */
export const run = Effect.fn("Replay.run")(
  function*(world: World, count: number) {
    const { manage } = yield* Gateway.Gateway
    const callback = yield* Callback.make
    const { send } = yield* Gateway.integration(slug, callback.url)
    yield* Effect.forEach(
      Array.from({ length: count }, (_, index) => `webhook-${index}`),
      (id) => Effect.flatMap(send(id), Gateway.accepted),
      { concurrency: senders, discard: true }
    )
    yield* eventually(open(world), (_) => _ === 0, patience)
    const before = callback.received.length
    yield* Console.log(`  ${count} accepted and delivered; replaying`)

    const startedAt = yield* Clock.currentTimeMillis
    const { id } = yield* decode(yield* manage("/replays", { filter: { integration: slug }, reason: "a test" }))
    const replay = Effect.flatMap(manage(`/replays/${id}`), decode)
    const seen: Array<Seen> = []
    const watching = yield* Effect.fork(Effect.repeat(
      Effect.zipWith(replay, Clock.currentTimeMillis, ({ done }, at) => seen.push({ at: at - startedAt, done })),
      look
    ))
    const kills = yield* Effect.forEach(killsAt, (share) =>
      Effect.gen(function*() {
        const { done } = yield* eventually(replay, (_) => _.done >= share * count, patience)
        yield* Effect.forEach(workers, (_) => world.fleet.hosts[_].kill, { concurrency: "unbounded", discard: true })
        yield* Console.log(`  ${(yield* since(startedAt))} s: the workers are killed at ${done} of ${count}`)
        return yield* Clock.currentTimeMillis
      }))
    const completed = yield* eventually(replay, (_) => _.status === "completed", patience)
    yield* Console.log(`  ${(yield* since(startedAt))} s: completed, ${completed.deliveries} deliveries renewed`)
    yield* eventually(open(world), (_) => _ === 0, patience)
    yield* Fiber.interrupt(watching)
    yield* Console.log(`  ${(yield* since(startedAt))} s: all delivered`)

    const again = callback.received.slice(before).filter((_) => _.headers["sluice-replay-id"] === id)
    const { explained, unexplained } = repeats(again, kills)
    const steps = new Set(seen.map((_) => _.done)).size
    yield* Console.log(
      `  ${again.length} requests of the replay at the callback, ${explained} of them again because a kill came before ` +
        `the record; its progress was looked at ${seen.length} times and showed ${steps} numbers`
    )
    const problems = [
      ...unexplained,
      ...new Set(again.map((_) => _.headers["sluice-event-id"])).size === count ? [] : ["some events never came again"],
      ...completed.done === count && completed.skipped === 0 ? [] : [`it says ${JSON.stringify(completed)}`],
      ...steps >= killsAt.length + 2 ? [] : ["its progress was not to be seen"],
      ...yield* wrongGenerations(world),
      ...yield* Doctor.findings(world)
    ]
    return { seen, problems } satisfies Outcome
  },
  (effect, world) =>
    Effect.scoped(Effect.provideService(effect, Gateway.Gateway, Gateway.at(world.fleet.bases[0] ?? "")))
)

const decodeReplay = Schema.decodeUnknown(Replay)
const decode = ({ json }: Gateway.Answer) => Effect.orDie(decodeReplay(json))

const since = (startedAt: number) =>
  Effect.map(Clock.currentTimeMillis, (now) => Duration.toSeconds(now - startedAt).toFixed(1))

const open = ({ sql }: World) =>
  sql<{ readonly count: number }>`SELECT count(*)::int FROM deliveries WHERE state <> 'delivered'`.pipe(
    Effect.map(([row]) => row?.count),
    Effect.orDie
  )

/** Deliveries whose new generation is not the second one, or was not recorded as made just once. */
const wrongGenerations = ({ sql }: World) =>
  sql<{ readonly generation: number; readonly successes: number; readonly count: number }>`
    SELECT d.generation, made.successes, count(*)::int
    FROM deliveries d, LATERAL (
      SELECT count(*)::int AS successes FROM attempts
      WHERE delivery_id = d.id AND generation = d.generation AND outcome = 'success'
    ) AS made
    WHERE d.generation <> 2 OR made.successes <> 1
    GROUP BY d.generation, made.successes`.pipe(
    Effect.map((found) =>
      found.map((_) => `${_.count} deliveries stand in generation ${_.generation} with ${_.successes} successes`)
    ),
    Effect.orDie
  )

/** Which requests came again, and whether a kill between answer and record explains it. */
const repeats = (received: ReadonlyArray<Callback.Received>, kills: ReadonlyArray<number>) => {
  const first = new Map<string, Callback.Received>()
  const unexplained: Array<string> = []
  let explained = 0
  for (const request of received) {
    const delivery = String(request.headers["sluice-delivery-id"])
    const earlier = first.get(delivery)
    if (earlier === undefined) first.set(delivery, request)
    else if (kills.some((kill) => earlier.at <= kill && kill - earlier.at < unrecordedMs && kill < request.at)) {
      explained += 1
    } else unexplained.push(`delivery ${delivery} came twice, at ${earlier.at} and ${request.at}`)
  }
  return { explained, unexplained }
}
