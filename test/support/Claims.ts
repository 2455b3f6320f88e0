import { Effect } from "effect"
import type { DeliveryMessage } from "../../src/domain/QueueMessage.ts"
import * as Ids from "../../src/services/Ids.ts"
import { type Claimed, ClaimStore, type Work } from "../../src/services/store/ClaimStore.ts"
import type { Next } from "../../src/services/store/DispatchStore.ts"
import type { Hold } from "../../src/services/store/HoldStore.ts"
import type { Report } from "../../src/services/store/RecordStore.ts"

/** The outcome of claiming a message under a new token. */
export const claim = Effect.fnUntraced(function*(message: DeliveryMessage | undefined) {
  const token = yield* Ids.next
  const [outcome] = yield* (yield* ClaimStore).claim([{ ...(yield* Effect.fromNullable(message)), token }])
  return outcome
})

/** What a claim that was had is about. */
export const work = (outcome: Claimed | undefined) =>
  outcome?._tag === "Claimed" ? Effect.succeed(outcome.work) : Effect.dieMessage(`not claimed: ${outcome?._tag}`)

/** A failed attempt's report, unless changed. */
export const report = (claimed: Work, changes: Partial<Report> = {}): Report => ({
  deliveryId: claimed.deliveryId,
  destinationId: claimed.destinationId,
  url: claimed.url,
  token: claimed.token,
  generation: claimed.generation,
  attempt: claimed.attempt,
  startedAt: claimed.claimedAt,
  durationMs: 5,
  httpStatus: 500,
  error: "HTTP 500",
  responseBody: "",
  state: "retrying",
  delayMs: 60_000,
  blamed: true,
  gone: false,
  ...changes
})

/** A successful attempt's report. */
export const success = (claimed: Work): Report =>
  report(claimed, { state: "delivered", httpStatus: 200, error: null, delayMs: null, blamed: false })

/** A hold of a delivery that nobody has claimed. */
export const unclaimed = ({ attempt, deliveryId, destinationId, generation, v }: typeof Next.Type): Hold => ({
  v,
  deliveryId,
  generation,
  attempt,
  destinationId,
  token: null
})
