import { Array, Cause, Chunk, Deferred, Effect, Exit, Queue, type Scope } from "effect"

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
}

interface Waiting<In, Out, E> {
  readonly entry: In
  readonly done: Deferred.Deferred<Out, E>
}

/** The function that hands one entry in and waits for its output. */
export const make = Effect.fnUntraced(function*<In, Out, E>(
  options: Options<In, Out, E>
): Effect.fn.Return<(entry: In) => Effect.Effect<Out, E>, never, Scope.Scope> {
  const queue = yield* Queue.bounded<Waiting<In, Out, E>>(options.capacity)

  yield* Effect.addFinalizer(() =>
    Queue.takeAll(queue).pipe(
      Effect.flatMap(Effect.forEach(({ done }) => Deferred.interrupt(done), { discard: true })),
      Effect.zipRight(Queue.shutdown(queue))
    )
  )

  const settle = (batch: ReadonlyArray<Waiting<In, Out, E>>, exit: Exit.Exit<ReadonlyArray<Out>, E>) =>
    Effect.forEach(
      batch,
      ({ done }, index) => Deferred.done(done, Exit.flatMap(exit, (outputs) => output(outputs, index))),
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

  yield* Effect.forkScoped(
    Effect.all(Array.replicate(gather, options.parallel), { concurrency: "unbounded", discard: true })
  )

  return (entry) =>
    Deferred.make<Out, E>().pipe(
      Effect.tap((done) => Queue.offer(queue, { entry, done })),
      Effect.flatMap(Deferred.await)
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
