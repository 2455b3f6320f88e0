import { Array } from "effect"
import type { Name } from "./Characters.ts"
import type * as Kinds from "./Kinds.ts"

/** What came of sending a webhook once. Times are milliseconds of the harness's own clock throughout. */
export interface Answer {
  /** The address of the API that was asked. */
  readonly base: string
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
  /** Headers that must come through as they were sent; `id` is `x-id` or `webhook-id`. */
  readonly sent: { readonly contentType: string; readonly id: string }
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
  /** Headers as they came; `id` is `x-id`, or else `webhook-id`. */
  readonly got: { readonly contentType: string; readonly id: string; readonly integration: string }
  /** How the callback behaved towards it. */
  readonly character: Name
  /** Who made it; null where that could not be told. */
  readonly worker: Kinds.Member | null
  /** All of the request, for some of the calls. */
  readonly sample: Sample | null
  /** The status that was sent; null where none was, or something that is not HTTP. */
  status: number | null
  /** When the whole answer had gone out; null where it had not. */
  completeAt: number | null
}

/** A request whole, the body in base64. */
export interface Sample {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface EventRow {
  readonly id: string
  readonly integration: string
  readonly key: string
  /** How many copies the gateway has counted. */
  readonly duplicates: number
}

export interface RejectionRow {
  readonly integration: string
  readonly reason: string
  readonly detail: string
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
  /** By the database's clock, which is the harness's, in milliseconds. */
  readonly startedAt: number
  /** When its record was begun, by the same clock. */
  readonly recordedAt: number
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
  /** Which API has which address. */
  readonly apis: ReadonlyArray<readonly [base: string, api: Kinds.Member]>
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
  /** The gateway's list of webhooks that it did not believe. */
  readonly rejections: ReadonlyArray<RejectionRow>
  /** The secrets with which the gateway signs. */
  readonly signingSecrets: ReadonlyArray<readonly [destination: Kinds.Destination, secret: string]>
  /** Messages that are in a queue in the end, also in the dead-letter and the replay queue, in words. */
  readonly leftInQueues: ReadonlyArray<string>
  /** What a process cannot do by itself in the end, in words. */
  readonly notRecovered: ReadonlyArray<string>
  /** What the doctor found in the end, in words. */
  readonly doctor: ReadonlyArray<string>
  /** What the harness should have seen in any run and did not, in words. */
  readonly sawNothing: ReadonlyArray<string>
}

export const isAcceptance = ({ status }: Answer): boolean => status !== null && status >= 200 && status < 300

export const isAccepted = ({ answers }: Webhook): boolean => answers.some(isAcceptance)

export const isSuccess = ({ status }: Call): boolean => status !== null && status >= 200 && status < 300

/** Whether all of a yes went out. */
export const isComplete = (call: Call): boolean => call.completeAt !== null && isSuccess(call)

/** Whether no answer, or no whole one, came in time. */
export const isTimeout = ({ error }: AttemptRow): boolean => error?.startsWith("timeout:") === true

/** Whether it went wrong on the way to the callback or back. */
export const isConnection = ({ error }: AttemptRow): boolean => error?.startsWith("connection:") === true

export const hasEnded = ({ state }: DeliveryRow): boolean => ["delivered", "dead", "cancelled"].includes(state)

/** Ways to find what belongs together. */
export interface Index {
  readonly eventOf: (webhook: Webhook) => EventRow | undefined
  readonly webhookOf: (event: EventRow) => Webhook | undefined
  readonly eventById: (id: string) => EventRow | undefined
  readonly deliveryById: (id: string) => DeliveryRow | undefined
  readonly deliveriesOf: (eventId: string) => ReadonlyArray<DeliveryRow>
  readonly callsOf: (deliveryId: string) => ReadonlyArray<Call>
  readonly attemptsOf: (deliveryId: string) => ReadonlyArray<AttemptRow>
}

export const index = (books: Books): Index => {
  const events = new Map(books.events.map((event) => [`${event.integration} ${event.key}`, event]))
  const webhooks = new Map(books.webhooks.map((webhook) => [`${webhook.integration} ${webhook.id}`, webhook]))
  const eventsById = new Map(books.events.map((event) => [event.id, event]))
  const deliveriesById = new Map(books.deliveries.map((delivery) => [delivery.id, delivery]))
  const deliveries = Array.groupBy(books.deliveries, (_) => _.eventId)
  const calls = Array.groupBy(books.calls, (_) => _.deliveryId)
  const attempts = Array.groupBy(books.attempts, (_) => _.deliveryId)
  return {
    eventOf: ({ id, integration }) => events.get(`${integration} ${id}`),
    webhookOf: ({ integration, key }) => webhooks.get(`${integration} ${key}`),
    eventById: (id) => eventsById.get(id),
    deliveryById: (id) => deliveriesById.get(id),
    deliveriesOf: (eventId) => deliveries[eventId] ?? [],
    callsOf: (deliveryId) => calls[deliveryId] ?? [],
    attemptsOf: (deliveryId) => attempts[deliveryId] ?? []
  }
}
