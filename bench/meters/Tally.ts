import { Effect, Schema } from "effect"
import type { Place } from "../Place.ts"
import type { Figures } from "../Statistics.ts"

/**
 * What is only known for certain while no process of the gateway runs: PostgreSQL's connections tell their commits when they
 * end, and asking RabbitMQ costs seconds of CPU.
 */
export interface Tally {
  readonly commits: number
  readonly messages: number
}

export const take = ({ database, ground: { rabbitMq, sql } }: Place): Effect.Effect<Tally> =>
  Effect.all({
    commits: sql`SELECT xact_commit::float8 AS commits FROM pg_stat_database WHERE datname = ${database}`.pipe(
      Effect.flatMap(Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ commits: Schema.Number })))),
      Effect.map(([{ commits }]) => commits),
      Effect.orDie
    ),
    messages: rabbitMq.control("eval", "rabbit_global_counters:overview().").pipe(
      Effect.map(received),
      Effect.orElseSucceed(() => Number.NaN)
    )
  })

/** The messages that RabbitMQ has received from publishers, by what it says of its counters. */
export const received = (overview: string): number =>
  Array.from(overview.matchAll(/messages_received_total\s*=>\s*(\d+)/g))
    .reduce((sum, [, count]) => sum + Number(count), 0)

/** For a whole life of the gateway, its warm-up included. */
export const figures = (before: Tally, after: Tally, webhooks: number): Figures => ({
  "commits per webhook, whole run": (after.commits - before.commits) / webhooks,
  "messages per webhook, whole run": (after.messages - before.messages) / webhooks
})
