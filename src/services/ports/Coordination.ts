import { Context, Data, type Duration, type Effect } from "effect"
import type { Decision } from "../../domain/RateLimit.ts"

export class CoordinationError extends Data.TaggedError("CoordinationError")<{
  readonly reason: "Unavailable" | "Timeout" | "Failed"
  readonly cause?: unknown
}> {}

/** So many that are taken from a budget of `limit` per minute at once, one after the other. */
export interface Taking {
  readonly key: string
  readonly limit: number
  readonly count: number
  /** Whether one is taken also where it is not allowed yet; its answer says when it would be. */
  readonly onCredit: boolean
}

export interface Question {
  readonly takings: ReadonlyArray<Taking>
  readonly marks: ReadonlyArray<string>
}

export interface Answer {
  /** The decisions of each taking. */
  readonly taken: ReadonlyArray<ReadonlyArray<Decision>>
  /** Whether each mark is remembered. */
  readonly marked: ReadonlyArray<boolean>
}

/** A lock's name, and whose it is. */
export interface Lock {
  readonly key: string
  readonly token: string
}

/**
 * Ephemeral coordination between processes. It may forget everything at any moment: nothing that is lost with it is
 * ever the only guard of a promise.
 */
export class Coordination extends Context.Tag("sluice/services/ports/Coordination")<Coordination, {
  /** Takes one from a budget of `limit` per minute. */
  readonly take: (key: string, limit: number) => Effect.Effect<Decision, CoordinationError>
  /**
   * Takes from all the budgets, and looks all the marks up, with one question: it is asked for every webhook. It fails as a
   * whole: where nothing can be taken, nothing is looked up.
   */
  readonly ask: (question: Question) => Effect.Effect<Answer, CoordinationError>
  /** Remembers each key for a time. */
  readonly mark: (keys: ReadonlyArray<string>, ttl: Duration.Duration) => Effect.Effect<void, CoordinationError>
  /** For each in order: true when the lock is now the token's; false when it is held already. */
  readonly lock: (
    locks: ReadonlyArray<Lock>,
    ttl: Duration.Duration
  ) => Effect.Effect<ReadonlyArray<boolean>, CoordinationError>
  /** Extends the locks that their tokens still hold; for each in order, whether it does. */
  readonly renew: (
    locks: ReadonlyArray<Lock>,
    ttl: Duration.Duration
  ) => Effect.Effect<ReadonlyArray<boolean>, CoordinationError>
  /** Releases each lock only where its token still holds it. */
  readonly unlock: (locks: ReadonlyArray<Lock>) => Effect.Effect<void, CoordinationError>
  /**
   * Takes one of `limit` places under a key for a time, or keeps the one that the token has; false when all are taken.
   */
  readonly enter: (
    key: string,
    token: string,
    limit: number,
    ttl: Duration.Duration
  ) => Effect.Effect<boolean, CoordinationError>
  /** Frees the token's place. */
  readonly leave: (key: string, token: string) => Effect.Effect<void, CoordinationError>
  readonly check: Effect.Effect<void, CoordinationError>
}>() {}
