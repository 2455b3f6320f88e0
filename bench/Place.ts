import type { SqlClient } from "@effect/sql"
import { Effect, type Scope } from "effect"
import { Redis } from "ioredis"
import * as Amqp from "../test/faults/Amqp.ts"
import * as Ground from "./Ground.ts"

/** A database and queues of a contender's own. */
export interface Place {
  readonly ground: Ground.Ground
  readonly database: string
  readonly url: string
  readonly sql: SqlClient.SqlClient
  /** What the names of its queues begin with. */
  readonly queues: string
}

/** An empty place, gone with the scope. */
export const make = Effect.fn("Place.make")(
  function*(
    ground: Ground.Ground,
    name: string,
    queuesOf: (place: Place) => ReadonlyArray<string>
  ): Effect.fn.Return<Place, never, Scope.Scope> {
    const database = name.replaceAll("-", "_")
    const { postgres, sql: admin } = ground
    yield* Effect.acquireRelease(
      Effect.orDie(admin.unsafe(`CREATE DATABASE ${database}`)),
      () => Effect.orDie(admin.unsafe(`DROP DATABASE ${database} WITH (FORCE)`))
    )
    const url = postgres.url.replace(/\/[^/]*$/, `/${database}`)
    const place: Place = { ground, database, url, sql: yield* Ground.client(url), queues: name }
    yield* Effect.addFinalizer(() => Effect.ignore(remove(ground, queuesOf(place))))
    return place
  }
)

const remove = ({ rabbitMq }: Ground.Ground, queues: ReadonlyArray<string>) =>
  Effect.forEach(queues, (queue) => Amqp.remove(rabbitMq.url, queue), { discard: true })

/** Redis as if it had just been started. */
export const emptyRedis = ({ redis }: Ground.Ground): Effect.Effect<void> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Redis(redis.url)),
    (client) => Effect.promise(() => client.flushall()),
    (client) => Effect.sync(() => client.disconnect())
  )
