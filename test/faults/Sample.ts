import { createHmac } from "node:crypto"
import { Webhook } from "standardwebhooks"
import type * as Books from "./Books.ts"
import * as Checker from "./Checker.ts"

const body = "{}"
const secret = `whsec_${Buffer.alloc(24, 1).toString("base64")}`
const second = 1_000

export const sample: Books.Sample = {
  body: Buffer.from(body).toString("base64"),
  headers: {
    "content-type": "application/json",
    "x-id": "w-1",
    "x-signature": createHmac("sha256", "the-secret-of-orders").update(body).digest("hex"),
    "sluice-integration": "orders",
    "webhook-id": "e",
    "webhook-timestamp": "1",
    "webhook-signature": new Webhook(secret).sign("e", new Date(second), body)
  }
}
const base = "http://api-1"
export const answer: Books.Answer = { base, sentAt: 0, endedAt: 1, status: 202, eventId: "e", duplicate: false }
export const webhook: Books.Webhook = {
  id: "w-1",
  integration: "orders",
  hash: "h",
  sent: { contentType: "application/json", id: "w-1" },
  wanted: ["ledger"],
  answers: [answer]
}
export const event: Books.EventRow = { id: "e", integration: "orders", key: "w-1", duplicates: 0 }
export const call: Books.Call = {
  at: second,
  destination: "ledger",
  eventId: "e",
  deliveryId: "d",
  attempt: 1,
  hash: "h",
  got: { contentType: "application/json", id: "w-1", integration: "orders" },
  character: "healthy",
  worker: null,
  sample,
  status: 200,
  completeAt: second + 10
}
export const delivery: Books.DeliveryRow = {
  id: "d",
  eventId: "e",
  destination: "ledger",
  state: "delivered",
  attemptCount: 1
}
export const attempt: Books.AttemptRow = {
  deliveryId: "d",
  generation: 1,
  number: 1,
  outcome: "success",
  httpStatus: 200,
  error: null,
  startedAt: second - 5,
  recordedAt: second + 15
}
/** The same as a failure without an answer. */
export const failed = (error: string): Books.AttemptRow => ({ ...attempt, outcome: "failure", httpStatus: null, error })

export const incident: Books.Incident = { kind: "kill", target: "worker-1", from: 900, until: 1_100, failure: null }

/** Books of one webhook in which everything is right, but for the changes. */
export const books = (changes: Partial<Books.Books> = {}): Books.Books => ({
  apis: [[base, "api-1"], ["http://api-2", "api-2"]],
  webhooks: [webhook],
  calls: [call],
  events: [event],
  deliveries: [delivery],
  attempts: [attempt],
  incidents: [],
  badEnds: [],
  badLines: [],
  finds: [],
  brokenLocks: [],
  rejections: [],
  signingSecrets: [["ledger", secret]],
  leftInQueues: [],
  notRecovered: [],
  doctor: [],
  sawNothing: [],
  ...changes
})

/** The names of what fails. */
export const failures = (changes: Partial<Books.Books>): ReadonlyArray<string> =>
  Checker.failures(Checker.judge(books(changes))).filter(([, reasons]) => reasons.length > 0).map(([name]) => name)

/** The webhook with one more answer, a duplicate unless told. */
export const answered = (changes: Partial<Books.Answer> = {}): Books.Webhook => ({
  ...webhook,
  answers: [answer, { ...copy, ...changes }]
})

export const copy: Books.Answer = { ...answer, status: 200, duplicate: true }
