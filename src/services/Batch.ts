import { Array, Cause, Duration, Effect, Either, Exit, type Scope } from "effect"
import { identity } from "effect/Function"
import * as Deadlines from "./Deadlines.ts"
import * as Elapsed from "./Elapsed.ts"
import * as Farewell from "./Farewell.ts"

/**
 * Puts the work of many callers into common commits. While a commit runs the next batch gathers: alone a caller has a commit
 * to itself, under load a commit serves hundreds.
 */
export interface Options<In, Out, E> {
  /** Entries of one commit at most. */
  readonly maxEntries: number
  /** A commit's weight at most (an entry that is heavier goes alone), such as bytes. */
  readonly maxWeight?: number
  readonly weigh?: (entry: In) => number
  /** Commits in flight at most. A further one begins where the others take long: few and large ones cost least. */
  readonly parallel: number
  /**
   * How soon after the beginning of one commit the next may begin, where many small commits would cost more than so long a wait.
   * One that is full when the commit ends begins at once, and who comes later than that waits for nothing.
   */
  readonly rest?: Duration.Duration
  /** One output for each entry, in their order. */
  readonly commit: (entries: Array.NonEmptyReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, E>
  /** Whether a failed batch is tried again entry by entry, so that a bad one does not fail its neighbours. */
  readonly separate?: (cause: Cause.Cause<E>) => boolean
  /** Without it callers wait for as long as it takes. */
  readonly refusal?: Refusal<E>
  /** An entry is committed, or never will be. */
  readonly settled?: (entry: In) => void
}

/**
 * Whom a caller is refused with who has waited for so long, or finds as many waiting as may. Its entry may be committed all
 * the same.
 */
export interface Refusal<E> {
  readonly after: Duration.Duration
  readonly capacity: number
  readonly error: E
}

interface Waiting<In, Out, E> {
  readonly entry: In
  readonly tell: (outcome: Exit.Exit<Out, E>) => void
}

// As long takes a commit beside which another begins, or up to twice as long.
const long = Duration.millis(50)

/** What entries are handed in to. */
export interface Batch<In, Out, E> {
  /** Hands one in and waits for its output. */
  readonly submit: (entry: In) => Effect.Effect<Out, E>
  /**
   * Hands one in at once. `tell` is called once. What it throws within a commit is logged and harms no other; where the entry
   * finds no room it is called, and throws, before this returns.
   */
  readonly unsafeSubmit: (entry: In, tell: (outcome: Exit.Exit<Out, E>) => void) => void
}

export const make = Effect.fnUntraced(function*<In, Out, E>(
  options: Options<In, Out, E>
): Effect.fn.Return<Batch<In, Out, E>, never, Scope.Scope> {
  const { maxEntries, parallel, refusal, rest } = options
  const millis = yield* Elapsed.reader
  const pending: Array<Waiting<In, Out, E>> = []
  let ended: Exit.Exit<never> | undefined
  const refuse = (one: Waiting<In, Out, E>, outcome: Exit.Exit<Out, E>): void => {
    options.settled?.(one.entry)
    one.tell(outcome)
  }
  const settle = (one: Waiting<In, Out, E>, outcome: Exit.Exit<Out, E>): Either.Either<void, unknown> =>
    Either.try({ try: () => refuse(one, outcome), catch: identity })

  yield* Effect.addFinalizer(() =>
    Effect.flatMap(Effect.fiberId, (by) =>
      Effect.sync(() => {
        const outcome = ended = Exit.interrupt(by)
        return pending.splice(0).map((one) => settle(one, outcome))
      }).pipe(Effect.flatMap(untold)))
  )

  const commit = (batch: Array.NonEmptyReadonlyArray<Waiting<In, Out, E>>): Effect.Effect<void> =>
    Effect.exit(Effect.suspend(() => options.commit(Array.map(batch, ({ entry }) => entry)))).pipe(
      Effect.flatMap((exit) =>
        Exit.isFailure(exit) && batch.length > 1 && options.separate?.(exit.cause) === true
          ? Effect.forEach(batch, (one) => commit([one]), { discard: true })
          : untold(batch.map((one, index) => settle(one, Exit.flatMap(exit, (outputs) => output(outputs, index)))))
      )
    )

  const commitPending = Effect.suspend(() => {
    const [first, ...others] = byWeight(pending.splice(0, maxEntries), options)
    if (first === undefined) return Effect.void
    return others.length === 0 ? commit(first) : Effect.forEach([first, ...others], commit, { discard: true })
  })

  // What waits for a batch that may begin.
  const ready: Array<(turn: symbol) => void> = []
  // Of the batch that began last, unless another may begin beside it.
  let current: symbol | undefined
  const underWay = yield* Effect.makeLatch()
  const begin = () => {
    if (current !== undefined || pending.length === 0) return
    const next = ready.pop()
    if (next === undefined) return
    current = Symbol()
    underWay.unsafeOpen()
    next(current)
  }
  const pass = (turn: symbol) => {
    if (current !== turn) return
    current = undefined
    underWay.unsafeClose()
    begin()
  }
  const awaitTurn = Effect.async<symbol>((resume) => {
    ready.push((turn) => resume(Effect.succeed(turn)))
    begin()
  })
  // A batch once begun is finished: its callers wait for an answer that must be true.
  const commitInTurn = Effect.flatMap(awaitTurn, (turn) => {
    const until = rest === undefined ? 0 : millis() + Duration.toMillis(rest)
    return Effect.flatMap(Effect.uninterruptible(commitPending), () => {
      const left = until - millis()
      if (pending.length < maxEntries && left > 0) return Effect.map(Effect.sleep(left), () => pass(turn))
      pass(turn)
      return Effect.void
    })
  })

  // One look for all commits, as a timer for each costs more than it is worth: few take so long.
  const passFromLong = Effect.zipRight(
    underWay.await,
    Effect.suspend(() => {
      const turn = current
      return Effect.map(Effect.sleep(long), () => turn !== undefined && pass(turn))
    })
  )
  if (parallel > 1) yield* Farewell.fork(Effect.forever(passFromLong))

  // In the end nobody waits for a commit any more; one that hangs is left alone.
  yield* Farewell.fork(
    Effect.all(Array.replicate(Effect.forever(commitInTurn), parallel), { concurrency: "unbounded", discard: true })
  )

  const submit: Batch<In, Out, E>["unsafeSubmit"] = (entry, tell) => {
    if (ended !== undefined) return refuse({ entry, tell }, ended)
    pending.push({ entry, tell })
    begin()
  }

  const refusing = ({ after, capacity, error }: Refusal<E>) =>
    Effect.map(
      Deadlines.make("Refusing what waits too long", after),
      ({ watch }): typeof submit => (entry, tell) => {
        const refused = Exit.fail(error)
        if (pending.length >= capacity) return refuse({ entry, tell }, refused)
        // Who has been told keeps nothing in memory by an entry that is still to be committed.
        let waiting: typeof tell | undefined = tell
        const leave = (outcome: Exit.Exit<Out, E>) => {
          const told = waiting
          waiting = undefined
          told?.(outcome)
        }
        const unwatch = watch(() => leave(refused))
        submit(entry, (outcome) => {
          unwatch()
          leave(outcome)
        })
      }
    )

  const unsafeSubmit = refusal === undefined ? submit : yield* refusing(refusal)
  return { submit: (entry) => Effect.async((resume) => unsafeSubmit(entry, resume)), unsafeSubmit }
})

const output = <Out, E>(outputs: ReadonlyArray<Out>, index: number): Exit.Exit<Out, E> => {
  const value = Array.get(outputs, index)
  return value._tag === "Some"
    ? Exit.succeed(value.value)
    : Exit.die(new Cause.RuntimeException("a commit returned fewer outputs than entries"))
}

const untold = (outcomes: ReadonlyArray<Either.Either<void, unknown>>): Effect.Effect<void> => {
  const defects = Array.getLefts(outcomes)
  return defects.length === 0 ? Effect.void : Effect.forEach(
    defects,
    (defect) => Effect.logError("Somebody could not be told what became of an entry", Cause.die(defect)),
    { discard: true }
  )
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
