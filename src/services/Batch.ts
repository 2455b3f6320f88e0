import { Array, Cause, Chunk, Deferred, Duration, Effect, Exit, Queue, Schedule, type Scope } from "effect"
import * as Elapsed from "./Elapsed.ts"
import * as Farewell from "./Farewell.ts"
import * as Loop from "./Loop.ts"

/**
 * Puts the work of many fibers into common commits. While a commit runs the next batch gathers, so nothing waits for a
 * timer: alone a caller has a commit to itself, under load a commit serves hundreds.
 */
export interface Options<In, Out, E> {
  /** Entries of one commit at most. */
  readonly maxEntries: number
  /** A commit's weight at most (an entry that is heavier goes alone), such as bytes. */
  readonly maxWeight?: number
  readonly weigh?: (entry: In) => number
  /** Commits in flight at most. */
  readonly parallel: number
  /** Entries that may wait; further callers wait to get in. */
  readonly capacity: number
  /** One output for each entry, in their order. */
  readonly commit: (entries: Array.NonEmptyReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, E>
  /** Whether a failed batch is tried again entry by entry, so that a bad one does not fail its neighbours. */
  readonly separate?: (cause: Cause.Cause<E>) => boolean
  /**
   * Whom a caller is refused with who has waited for so long, or finds no room; without it callers wait. Its entry may be
   * committed all the same.
   */
  readonly refusal?: { readonly after: Duration.Duration; readonly error: E }
  /** An entry is committed, or never will be. */
  readonly settled?: (entry: In) => void
}

interface Waiting<In, Out, E> {
  readonly entry: In
  readonly done: Deferred.Deferred<Out, E>
  /** In `Elapsed` milliseconds. */
  readonly since: number
}

const looks = 16

/** The function that hands one entry in and waits for its output. */
export const make = Effect.fnUntraced(function*<In, Out, E>(
  options: Options<In, Out, E>
): Effect.fn.Return<(entry: In) => Effect.Effect<Out, E>, never, Scope.Scope> {
  const { refusal } = options
  const queue = yield* (refusal === undefined
    ? Queue.bounded<Waiting<In, Out, E>>(options.capacity)
    : Queue.dropping<Waiting<In, Out, E>>(options.capacity))
  // In the order of their arrival.
  const waiting = new Set<Waiting<In, Out, E>>()

  const leave = (one: Waiting<In, Out, E>) =>
    Effect.sync(() => {
      waiting.delete(one)
      options.settled?.(one.entry)
    })

  yield* Effect.addFinalizer(() =>
    Queue.takeAll(queue).pipe(
      Effect.flatMap(
        Effect.forEach((one) => Effect.zipRight(leave(one), Deferred.interrupt(one.done)), { discard: true })
      ),
      Effect.zipRight(Queue.shutdown(queue))
    )
  )

  const settle = (batch: ReadonlyArray<Waiting<In, Out, E>>, exit: Exit.Exit<ReadonlyArray<Out>, E>) =>
    Effect.forEach(
      batch,
      (one, index) =>
        Effect.zipRight(leave(one), Deferred.done(one.done, Exit.flatMap(exit, (outputs) => output(outputs, index)))),
      { discard: true }
    )

  const commit = (batch: Array.NonEmptyReadonlyArray<Waiting<In, Out, E>>): Effect.Effect<void> =>
    Effect.exit(options.commit(Array.map(batch, ({ entry }) => entry))).pipe(
      Effect.flatMap((exit) =>
        Exit.isFailure(exit) && batch.length > 1 && options.separate?.(exit.cause) === true
          ? Effect.forEach(batch, (one) => commit([one]), { discard: true })
          : settle(batch, exit)
      )
    )

  const gather = Queue.takeBetween(queue, 1, options.maxEntries).pipe(
    Effect.map((chunk) => byWeight(Chunk.toReadonlyArray(chunk), options)),
    // A batch once begun is finished: its callers wait for an answer that must be true.
    Effect.flatMap((batches) => Effect.uninterruptible(Effect.forEach(batches, commit, { discard: true }))),
    Effect.forever
  )

  // In the end nobody waits for a commit any more; one that hangs is left alone.
  yield* Farewell.fork(
    Effect.all(Array.replicate(gather, options.parallel), { concurrency: "unbounded", discard: true })
  )

  // One look at the oldest for all of them, instead of a timer for each.
  if (refusal !== undefined) {
    const { after, error } = refusal
    yield* Loop.forkRepeating(
      "Refusing what waits too long",
      Schedule.spaced(Duration.times(after, 1 / looks)),
      Effect.flatMap(Elapsed.millis, (now) =>
        Effect.forEach(
          Array.takeWhile(waiting, ({ since }) => now - since >= Duration.toMillis(after)),
          ({ done }) => Deferred.fail(done, error),
          { discard: true }
        ))
    )
  }

  return (entry) =>
    Effect.zip(Deferred.make<Out, E>(), Elapsed.millis).pipe(
      Effect.flatMap(([done, since]) => {
        const one = { entry, done, since }
        if (refusal !== undefined) waiting.add(one)
        return Effect.flatMap(Queue.offer(queue, one), (taken) => {
          if (taken || refusal === undefined) return Deferred.await(done)
          return Effect.zipRight(leave(one), Effect.fail(refusal.error))
        })
      })
    )
})

const output = <Out, E>(outputs: ReadonlyArray<Out>, index: number): Exit.Exit<Out, E> => {
  const value = Array.get(outputs, index)
  return value._tag === "Some"
    ? Exit.succeed(value.value)
    : Exit.die(new Cause.RuntimeException("a commit returned fewer outputs than entries"))
}

const byWeight = <In, Out, E>(
  waiting: ReadonlyArray<Waiting<In, Out, E>>,
  { maxWeight = Number.POSITIVE_INFINITY, weigh = () => 0 }: Options<In, Out, E>
): ReadonlyArray<Array.NonEmptyReadonlyArray<Waiting<In, Out, E>>> => {
  const batches: Array<Array.NonEmptyArray<Waiting<In, Out, E>>> = []
  let weight = Number.POSITIVE_INFINITY
  for (const one of waiting) {
    weight += weigh(one.entry)
    const last = batches.at(-1)
    if (last === undefined || weight > maxWeight) {
      batches.push([one])
      weight = weigh(one.entry)
    } else last.push(one)
  }
  return batches
}
