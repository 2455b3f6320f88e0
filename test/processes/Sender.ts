import { Effect, Schedule } from "effect"
import type { Answer } from "../support/Gateway.ts"

/** A provider's patience: the same webhook again until it is accepted. */
const again = Schedule.spaced("100 millis")

/** Sends a webhook as a provider does; a connection that breaks is a failure like any other. Its event's id. */
export const untilAccepted = (send: Effect.Effect<Answer>): Effect.Effect<Answer> =>
  send.pipe(
    Effect.sandbox,
    Effect.filterOrFail(({ status }) => status === 200 || status === 202, (answer) => answer.status),
    Effect.retry(Schedule.intersect(again, Schedule.recurs(300))),
    Effect.orDie
  )
