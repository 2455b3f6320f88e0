import { SqlClient } from "@effect/sql"
import { Clock, Console, Duration, Effect } from "effect"
import * as Database from "./Database.ts"
import type { World } from "./World.ts"

const look = Duration.seconds(1)
/** How long nothing may move before what is left counts as stuck. */
export const patience = Duration.seconds(150)

/** Waits until every webhook is accepted and no delivery is open, or until nothing has moved for too long. */
export const settle = Effect.fn("Settling.settle")(function*(world: World, patience: Duration.Duration) {
  const startedAt = yield* Clock.currentTimeMillis
  let last = { pending: -1, open: -1, ended: -1, attempts: -1 }
  let movedAt = startedAt
  while (true) {
    const now = yield* Clock.currentTimeMillis
    const { pending } = yield* world.load.counts
    const seen = { pending, ...yield* progress(world) }
    if (seen.pending === 0 && seen.open === 0) break
    if (seen.pending !== last.pending || seen.open !== last.open || seen.attempts !== last.attempts) movedAt = now
    if (now - movedAt > Duration.toMillis(patience)) {
      yield* Console.log(`  nothing has moved for ${Duration.format(patience)}: ${JSON.stringify(seen)}`)
      break
    }
    last = seen
    yield* Effect.sleep(look)
  }
  return Duration.millis((yield* Clock.currentTimeMillis) - startedAt)
})

export const progress = (world: World) => Effect.provideService(Database.progress, SqlClient.SqlClient, world.sql)
