import { Clock, Console, Effect, Fiber } from "effect"
import type * as Books from "./Books.ts"
import { type Member, workers } from "./Kinds.ts"
import type * as Memory from "./Memory.ts"
import * as Settling from "./Settling.ts"
import * as Storm from "./Storm.ts"
import type { World } from "./World.ts"

/** So many megabytes a process may have in the end beyond what it had in the middle, and be called flat. */
const flat = 100

/** Webhooks are taken in while no worker is there; then two workers drain them. */
export const run = Effect.fn("Backlog.run")(function*(world: World, count: number) {
  const startedAt = yield* Clock.currentTimeMillis
  const each = (act: (member: Member) => Effect.Effect<void>) =>
    Effect.forEach(workers, act, { concurrency: "unbounded", discard: true })
  yield* each((_) => world.fleet.hosts[_].retire)
  const telling = yield* Effect.fork(Storm.tell(world, startedAt))
  yield* world.load.burst(count)
  const acceptedAt = yield* Clock.currentTimeMillis
  yield* Console.log(`  ${count} accepted, ${perSecond(count, acceptedAt - startedAt)} a second; draining`)
  yield* each((_) => world.fleet.hosts[_].revive)
  yield* Settling.settle(world, Settling.patience)
  yield* Fiber.interrupt(telling)
  const books = yield* Storm.closeBooks(world, [])
  const last = books.calls.reduce((latest, _) => Math.max(latest, _.at), acceptedAt)
  yield* Console.log(
    `  ${books.calls.length} delivered, ${perSecond(books.calls.length, last - acceptedAt)} a second`
  )
  return { books, drainedFrom: acceptedAt }
})

const perSecond = (count: number, millis: number): number => Math.round(count / Math.max(1, millis) * 1_000)

/** What a backlog alone must not bring about. */
export const problems = ({ calls, finds }: Books.Books): ReadonlyArray<string> => {
  const index = new Map<string, number>()
  for (const { deliveryId } of calls) index.set(deliveryId, (index.get(deliveryId) ?? 0) + 1)
  const again = [...index].filter(([, requests]) => requests > 1)
  return [
    ...again.slice(0, 5).map(([id, requests]) => `delivery ${id} was requested ${requests} times`),
    ...finds.map((_) => `${_.member} queued ${_.found} deliveries again because ${_.because}`)
  ]
}

/** Processes whose memory grows with the backlog: its median in the last third is well above that in the second. */
export const growth = (samples: Memory.Samples, from: number): ReadonlyArray<string> =>
  workers.flatMap((member) => {
    const seen = samples[member].filter(({ at }) => at >= from).map((_) => _.megabytes)
    const third = Math.floor(seen.length / 3)
    const [middle, end] = [median(seen.slice(third, 2 * third)), median(seen.slice(2 * third))]
    return end - middle > flat ? [`${member} grew from ${Math.round(middle)} MB to ${Math.round(end)} MB`] : []
  })

const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
