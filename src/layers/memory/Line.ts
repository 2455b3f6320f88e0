import { Effect, Iterable, MutableQueue, Option, Queue, Ref, Schedule, type Scope } from "effect"
import type { Death } from "../../domain/DeadLetter.ts"
import * as Elapsed from "../../services/Elapsed.ts"

export interface Message {
  readonly content: string
  /** How often it was handed out. */
  readonly handOuts: number
  /** How often it died. */
  readonly deaths: number
  /** Why it stands in the dead-letter queue. */
  readonly death: Option.Option<Death>
}

/** A queue in memory. What finds no room is refused. */
export interface Line {
  readonly offer: (message: Message) => Effect.Effect<boolean>
  readonly size: Effect.Effect<number>
}

/** Taking is in two steps, so that who is interrupted while waiting has not taken anything yet. */
export interface Ready extends Line {
  /** Waits until there may be a message. */
  readonly arrival: Effect.Effect<void>
  readonly poll: Effect.Effect<Option.Option<Message>>
  /** The first ones, which stay. */
  readonly first: (count: number) => Effect.Effect<ReadonlyArray<Message>>
  readonly consumers: Ref.Ref<number>
}

const capacity = 100_000
const waitForRoom = Schedule.spaced("100 millis")

/** First in, first out, for consumers. */
export const ready: Effect.Effect<Ready> = Effect.gen(function*() {
  const queue = MutableQueue.bounded<Message>(capacity)
  const filled = yield* Effect.makeLatch()
  return {
    offer: (message) =>
      Effect.sync(() => {
        filled.unsafeOpen()
        return MutableQueue.offer(queue, message)
      }),
    size: Effect.sync(() => MutableQueue.length(queue)),
    arrival: filled.await,
    poll: Effect.sync(() => {
      const message = Option.fromNullable(MutableQueue.poll(queue, null))
      if (MutableQueue.isEmpty(queue)) filled.unsafeClose()
      return message
    }),
    first: (count) => Effect.sync(() => Array.from(Iterable.take(queue, count))),
    consumers: yield* Ref.make(0)
  }
})

/** Keeps each message for a time, then moves it on. All wait equally long, so the first in is the first out. */
export const rung = Effect.fnUntraced(
  function*(delayMs: number, next: Line): Effect.fn.Return<Line, never, Scope.Scope> {
    const queue = yield* Queue.dropping<{ readonly message: Message; readonly until: number }>(capacity)
    const moving = yield* Ref.make(0)
    yield* Queue.take(queue).pipe(
      Effect.tap(Ref.set(moving, 1)),
      Effect.tap(({ until }) => Effect.flatMap(Elapsed.millis, (now) => Effect.sleep(Math.max(0, until - now)))),
      Effect.flatMap(({ message }) =>
        Effect.repeat(next.offer(message), { until: (taken) => taken, schedule: waitForRoom })
      ),
      Effect.zipRight(Ref.set(moving, 0)),
      Effect.forever,
      Effect.forkScoped
    )
    return {
      offer: (message) =>
        Effect.flatMap(Elapsed.millis, (now) => Queue.offer(queue, { message, until: now + delayMs })),
      size: Effect.zipWith(Queue.size(queue), Ref.get(moving), (waiting, moving) => Math.max(0, waiting) + moving)
    }
  }
)
