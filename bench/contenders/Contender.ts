import type { Effect, Option, Scope } from "effect"
import type { ServerUnavailable } from "../../test/support/servers/ServerUnavailable.ts"
import type { Member } from "../meters/Meter.ts"
import type { Place } from "../Place.ts"

export const names = ["sluice", "by-hand", "limit"] as const
export type Name = typeof names[number]

export interface Setting {
  readonly place: Place
  /** Where its webhooks are to go. */
  readonly callbacks: ReadonlyArray<string>
  readonly apis: number
  readonly workers: number
  /** The folder for CPU profiles. */
  readonly profiles: Option.Option<string>
}

/** A running gateway. Its workers wait to be started. */
export interface Gateway {
  readonly ports: ReadonlyArray<number>
  /** Where webhooks are sent to, signed with the secret of the bench. */
  readonly path: string
  readonly members: Effect.Effect<ReadonlyArray<Member>>
  readonly startWorkers: Effect.Effect<void, ServerUnavailable>
  readonly stopWorkers: Effect.Effect<void>
  /** Has everything delivered again that was delivered. */
  readonly replay: Effect.Effect<void, ServerUnavailable>
  /** The end of what each process has written. */
  readonly lastWords: () => string
}

/** What is measured. */
export interface Contender {
  readonly name: Name
  /** Makes its tables. */
  readonly prepare: (place: Pick<Place, "sql" | "url">) => Effect.Effect<void>
  readonly start: (setting: Setting) => Effect.Effect<Gateway, ServerUnavailable, Scope.Scope>
  /** The names of its queues; new deliveries wait in the first. */
  readonly queues: (place: Place) => ReadonlyArray<string>
  readonly books: Books
}

type Database = Pick<Place, "sql">

/** What its database says, and what can be put into it. */
export interface Books {
  /** Those of some webhooks' ids that stand there. */
  readonly stored: (place: Database, ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>>
  /** How many webhooks stand there in all. */
  readonly total: (place: Database) => Effect.Effect<number>
  /** How many deliveries are not over, as far as one cares to know. */
  readonly open: (place: Database) => Effect.Effect<number>
  /** Adds so many webhooks that were delivered long ago. */
  readonly grow: (place: Database, count: number) => Effect.Effect<void>
  /** Adds a batch of so many that wait in the queue to be delivered. */
  readonly queue: (place: Place, batch: string, count: number) => Effect.Effect<void>
}

/** The secret that every webhook of the bench is signed with. */
export const secret = "the-secret-of-the-bench"

export const retryDelaysMs = [1_000, 2_000, 4_000, 8_000]

/** Attempts in flight of one worker. */
export const concurrency = 64

/** The name of the integration, and the last part of its path. */
export const slug = "bench"
