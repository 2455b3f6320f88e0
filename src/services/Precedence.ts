import { Context, Deferred, Duration, Effect, Layer } from "effect"
import * as Share from "../domain/Share.ts"
import * as Elapsed from "./Elapsed.ts"
import { Settings } from "./Settings.ts"

/**
 * Lets what comes again give way to new events: while new events come, work is done on only a few of the others at a time. It
 * is delayed for a moment and never kept: the sweeper takes what is in hand for long without a claim for lost.
 */
export class Precedence extends Context.Tag("sluice/services/Precedence")<Precedence, {
  /** Notes that a new event is here. */
  readonly arrived: Effect.Effect<void>
  /**
   * Does work on something that comes again. Work that goes on to wait for others says so by `apart`, and then keeps nobody
   * from the next turn.
   */
  readonly giveWay: <A>(work: (apart: Effect.Effect<void>) => Effect.Effect<A>) => Effect.Effect<A>
  /** Whether something waits for its turn. */
  readonly crowded: Effect.Effect<boolean>
}>() {
  static readonly layer = Layer.effect(
    Precedence,
    Effect.map(
      Effect.zip(Settings, Elapsed.reader),
      ([{ workerConcurrency }, millis]) => make(Share.ofTurns(workerConcurrency), millis)
    )
  )
}

// After so long without one no new event is waited for.
const quietMs = 250
// Well below the time after which the sweeper calls a message lost.
const patience = Duration.seconds(2)

interface Waiter {
  readonly turn: Deferred.Deferred<void>
  hasTurn: boolean
}

const make = (turns: number, millis: () => number): typeof Precedence.Service => {
  let arrivedAt = Number.NEGATIVE_INFINITY
  let taken = 0
  const waiting = new Set<Waiter>()

  const pass = () => {
    const [next] = waiting
    if (next === undefined) taken -= 1
    else {
      waiting.delete(next)
      next.hasTurn = true
      Deferred.unsafeDone(next.turn, Effect.void)
    }
  }
  const leave = (waiter: Waiter) =>
    Effect.sync(() => {
      waiting.delete(waiter)
      if (waiter.hasTurn) pass()
      waiter.hasTurn = false
    })

  return Precedence.of({
    arrived: Effect.sync(() => {
      arrivedAt = millis()
    }),
    crowded: Effect.sync(() => waiting.size > 0),
    giveWay: (work) =>
      Effect.flatMap(Deferred.make<void>(), (turn) => {
        if (millis() - arrivedAt >= quietMs) return work(Effect.void)
        return Effect.uninterruptibleMask((restore) =>
          Effect.suspend(() => {
            const waiter: Waiter = { turn, hasTurn: taken < turns }
            if (waiter.hasTurn) taken += 1
            else waiting.add(waiter)
            const itsTurn = waiter.hasTurn
              ? Effect.void
              : Effect.zipRight(
                Effect.timeoutOption(Deferred.await(turn), patience),
                Effect.sync(() => waiting.delete(waiter))
              )
            const apart = leave(waiter)
            return Effect.ensuring(restore(Effect.zipRight(itsTurn, work(apart))), apart)
          })
        )
      })
  })
}
