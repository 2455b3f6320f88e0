import { Duration, Option } from "effect"
import * as Judgement from "../domain/Judgement.ts"
import type { Attempt } from "./AttemptNotes.ts"
import type { Report } from "./store/RecordStore.ts"

const states = { Delivered: "delivered", Retrying: "retrying", Dead: "dead" } as const

/** What is to be recorded of an attempt, and what its delivery is from then on. */
export const make = ({ next, outcome, startedAt, took, work }: Omit<Attempt, "recordedAt">): Report => ({
  deliveryId: work.deliveryId,
  destinationId: work.destinationId,
  url: work.url,
  token: work.token,
  generation: work.generation,
  attempt: work.attempt,
  startedAt,
  durationMs: Math.round(Duration.toMillis(took)),
  httpStatus: outcome._tag === "Answered" ? outcome.status : null,
  error: Option.getOrNull(Judgement.problem(outcome)),
  responseBody: outcome._tag === "Answered" ? outcome.body : null,
  state: states[next._tag],
  delayMs: next._tag === "Retrying" ? next.delayMs : null,
  blamed: Judgement.blames(outcome),
  gone: outcome._tag === "Answered" && outcome.status === 410
})
