import { Clock, Console, Effect, Fiber } from "effect"
import type * as Books from "./Books.ts"
import { type Member, workers } from "./Kinds.ts"
import * as Recovery from "./Recovery.ts"
import * as Settling from "./Settling.ts"
import * as Storm from "./Storm.ts"
import type { World } from "./World.ts"

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
  const books = yield* Storm.closeBooks(world, [], Recovery.none)
  const last = books.calls.reduce((latest, _) => Math.max(latest, _.at), acceptedAt)
  yield* Console.log(
    `  ${books.calls.length} delivered, ${perSecond(books.calls.length, last - acceptedAt)} a second`
  )
  return { books, filling: { from: startedAt, until: acceptedAt }, drain: { from: acceptedAt, until: last } }
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
