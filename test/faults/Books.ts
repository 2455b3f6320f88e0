import { Array } from "effect"
import type * as Kinds from "./Kinds.ts"

/** What came of sending a webhook once. Times are milliseconds of the harness's own clock throughout. */
export interface Answer {
  readonly sentAt: number
  readonly endedAt: number
  /** Null where no answer came. */
  readonly status: number | null
  readonly eventId: string | null
  readonly duplicate: boolean
}

/** One webhook as the load generator knows it. `id` is the dedupe key within its integration. */
export interface Webhook {
  readonly id: string
  readonly integration: string
  readonly hash: string
  /** The destinations that must get it. */
  readonly wanted: ReadonlyArray<Kinds.Destination>
  readonly answers: globalThis.Array<Answer>
}

/** One request as a callback got it, and what it answered. */
export interface Call {
  readonly at: number
  readonly destination: Kinds.Destination
  readonly eventId: string
  readonly deliveryId: string
  readonly attempt: number
  readonly hash: string
  /** The status that was sent; null where none was, or something that is not HTTP. */
  status: number | null
  /** When the whole answer had gone out; null where it had not. */
  completeAt: number | null
}

export interface EventRow {
  readonly id: string
  readonly integration: string
  readonly key: string
}

export interface DeliveryRow {
  readonly id: string
  readonly eventId: string
  readonly destination: string
  readonly state: string
  readonly attemptCount: number
}

export interface AttemptRow {
  readonly deliveryId: string
  readonly generation: number
  readonly number: number
  readonly outcome: string
  readonly httpStatus: number | null
  readonly error: string | null
  /** By the worker's clock, in milliseconds. */
  readonly startedAt: number
}

/** A fault as it really was. */
export interface Incident {
  readonly kind: Kinds.Kind
  readonly target: string
  readonly from: number
  /** When everything was as before again. */
  readonly until: number
  /** Why it could not be done; null where it was. */
  readonly failure: string | null
}

/** The end of a process that nobody caused, or that ended otherwise than it was told. */
export interface BadEnd {
  readonly member: Kinds.Member
  readonly at: number
  readonly how: string
}

/** A line of a process's log that must never be there. */
export interface BadLine {
  readonly member: Kinds.Member
  readonly text: string
}

/** The sweeper took messages for lost that were in a queue, according to the database. */
export interface Find {
  readonly member: Kinds.Member
  readonly at: number
  readonly queued: number
  readonly because: string
  readonly found: number
}

/** A lock that somebody deleted or extended though another held it. */
export interface BrokenLock {
  readonly at: number
  readonly key: string
  readonly holder: string
  readonly by: string
}

/** Everything that is known of a run once it is over. */
export interface Books {
  readonly webhooks: ReadonlyArray<Webhook>
  readonly calls: ReadonlyArray<Call>
  readonly events: ReadonlyArray<EventRow>
  readonly deliveries: ReadonlyArray<DeliveryRow>
  readonly attempts: ReadonlyArray<AttemptRow>
  readonly incidents: ReadonlyArray<Incident>
  readonly badEnds: ReadonlyArray<BadEnd>
  readonly badLines: ReadonlyArray<BadLine>
  readonly finds: ReadonlyArray<Find>
  readonly brokenLocks: ReadonlyArray<BrokenLock>
}

export const isAcceptance = ({ status }: Answer): boolean => status !== null && status >= 200 && status < 300

export const isAccepted = ({ answers }: Webhook): boolean => answers.some(isAcceptance)

export const isSuccess = ({ status }: Call): boolean => status !== null && status >= 200 && status < 300

/** Ways to find what belongs together. */
export interface Index {
  readonly eventOf: (webhook: Webhook) => EventRow | undefined
  readonly deliveriesOf: (eventId: string) => ReadonlyArray<DeliveryRow>
  readonly callsOf: (deliveryId: string) => ReadonlyArray<Call>
  readonly attemptsOf: (deliveryId: string) => ReadonlyArray<AttemptRow>
}

export const index = (books: Books): Index => {
  const events = new Map(books.events.map((event) => [`${event.integration} ${event.key}`, event]))
  const deliveries = Array.groupBy(books.deliveries, (_) => _.eventId)
  const calls = Array.groupBy(books.calls, (_) => _.deliveryId)
  const attempts = Array.groupBy(books.attempts, (_) => _.deliveryId)
  return {
    eventOf: ({ id, integration }) => events.get(`${integration} ${id}`),
    deliveriesOf: (eventId) => deliveries[eventId] ?? [],
    callsOf: (deliveryId) => calls[deliveryId] ?? [],
    attemptsOf: (deliveryId) => attempts[deliveryId] ?? []
  }
}
