import { Context, Effect, Option } from "effect"

/**
 * The part of the pool's connections that a program may hold, together with the others of its kind. None: as many as there
 * are.
 */
export class PoolShare extends Context.Reference<PoolShare>()("sluice/services/store/PoolShare", {
  defaultValue: (): Option.Option<Effect.Semaphore> => Option.none()
}) {}

/** Runs what holds a connection, once there is one left of the program's share. */
export const within = <A, E, R>(holding: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    PoolShare,
    Option.match({
      onNone: () => holding,
      // What it does inside is done on the same connection, or it would wait for itself.
      onSome: (share) => share.withPermits(1)(Effect.provideService(holding, PoolShare, Option.none()))
    })
  )
