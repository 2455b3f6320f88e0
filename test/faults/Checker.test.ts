import { assert, describe, it } from "@effect/vitest"
import type * as Books from "./Books.ts"
import * as Checker from "./Checker.ts"

const webhook: Books.Webhook = {
  id: "w-1",
  integration: "orders",
  hash: "h",
  wanted: ["ledger"],
  answers: [{ sentAt: 0, endedAt: 1, status: 202, eventId: "e", duplicate: false }]
}
const call: Books.Call = {
  at: 1_000,
  destination: "ledger",
  eventId: "e",
  deliveryId: "d",
  attempt: 1,
  hash: "h",
  status: 200,
  completeAt: 1_010
}
const delivery: Books.DeliveryRow = {
  id: "d",
  eventId: "e",
  destination: "ledger",
  state: "delivered",
  attemptCount: 1
}
const attempt: Books.AttemptRow = {
  deliveryId: "d",
  generation: 1,
  number: 1,
  outcome: "success",
  httpStatus: 200,
  error: null,
  startedAt: 995
}
const incident: Books.Incident = { kind: "kill", target: "worker-1", from: 900, until: 1_100, failure: null }
const find: Books.Find = { member: "worker-1", at: 5_000, found: 2, queued: 2, because: "the broker lost it" }

/** Books in which everything is right, but for the changes. */
const books = (changes: Partial<Books.Books> = {}): Books.Books => ({
  webhooks: [webhook],
  calls: [call],
  events: [{ id: "e", integration: "orders", key: "w-1" }],
  deliveries: [delivery],
  attempts: [attempt],
  incidents: [],
  badEnds: [],
  badLines: [],
  finds: [],
  brokenLocks: [],
  ...changes
})

/** The names of what fails. */
const failures = (changes: Partial<Books.Books>): ReadonlyArray<string> =>
  Checker.failures(Checker.judge(books(changes))).filter(([, reasons]) => reasons.length > 0).map(([name]) => name)

const answered = (changes: Partial<Books.Answer>): Books.Webhook => ({
  ...webhook,
  answers: [...webhook.answers, { sentAt: 2, endedAt: 3, status: 200, eventId: "e", duplicate: true, ...changes }]
})

describe("the checker", () => {
  it("finds nothing wrong where nothing is", () => {
    assert.isTrue(Checker.isClean(Checker.judge(books())))
    assert.deepStrictEqual(failures({ webhooks: [answered({})] }), [])
    assert.deepStrictEqual(failures({ webhooks: [answered({ status: 503, eventId: null, duplicate: false })] }), [])
  })

  it("misses nothing that no provider was told to be accepted", () => {
    const refused = { ...webhook, answers: [{ sentAt: 0, endedAt: 1, status: 503, eventId: null, duplicate: false }] }
    assert.deepStrictEqual(failures({ webhooks: [refused], calls: [], events: [], deliveries: [], attempts: [] }), [])
  })

  it("calls lost what was accepted and is not stored, has no delivery, ended otherwise, or never got its yes", () => {
    assert.include(failures({ events: [] }), "lost")
    assert.include(failures({ deliveries: [] }), "lost")
    assert.include(failures({ deliveries: [{ ...delivery, state: "dead" }] }), "lost")
    assert.include(failures({ calls: [] }), "lost")
    assert.include(failures({ calls: [{ ...call, status: 500 }] }), "lost")
    assert.deepStrictEqual(failures({ calls: [{ ...call, completeAt: null }] }), [])
  })

  it("calls false what was acknowledged for an event that is not the stored one", () => {
    assert.deepStrictEqual(failures({ webhooks: [answered({ eventId: "another" })] }), ["false duplicates"])
    assert.include(failures({ webhooks: [answered({ eventId: null })] }), "false duplicates")
  })

  it("calls stuck what is still open, and not lost as well", () => {
    for (const state of ["pending", "queued", "delivering", "retrying", "held"]) {
      assert.deepStrictEqual(
        failures({ deliveries: [{ ...delivery, state, attemptCount: 0 }], attempts: [], calls: [] }),
        ["stuck"]
      )
    }
  })

  it("calls miscounted what the attempts and their numbers do not bear out", () => {
    const miscounted = ["attempts miscounted"]
    const failed = { ...attempt, outcome: "failure", httpStatus: null, error: "timeout" }
    assert.deepStrictEqual(failures({ deliveries: [{ ...delivery, attemptCount: 2 }] }), miscounted)
    assert.deepStrictEqual(failures({ attempts: [] }), miscounted)
    assert.deepStrictEqual(failures({ attempts: [failed] }), miscounted)
    const twice = { ...delivery, attemptCount: 2 }
    assert.deepStrictEqual(
      failures({
        deliveries: [twice],
        attempts: [failed, { ...attempt, number: 2 }],
        calls: [{ ...call, attempt: 2 }]
      }),
      []
    )
    assert.deepStrictEqual(failures({ deliveries: [twice], attempts: [failed, attempt] }), miscounted)
    assert.deepStrictEqual(
      failures({
        deliveries: [twice],
        attempts: [failed, { ...attempt, number: 3 }],
        calls: [{ ...call, attempt: 3 }]
      }),
      miscounted
    )
    assert.deepStrictEqual(failures({ calls: [{ ...call, attempt: 2 }] }), miscounted)
  })

  it("calls changed a body that is not the one that was sent", () => {
    assert.deepStrictEqual(failures({ calls: [{ ...call, hash: "other" }] }), ["bytes changed"])
  })

  it("explains a repeat only by answers without a record, inside a fault that can keep it from being made", () => {
    const again = { ...call, at: 5_000, completeAt: 5_010 }
    const unexplained = ["delivered twice, unexplained"]
    assert.deepStrictEqual(failures({ calls: [call, again] }), unexplained)
    assert.deepStrictEqual(failures({ calls: [call, again], incidents: [incident] }), [])
    assert.deepStrictEqual(
      failures({ calls: [call, again], incidents: [{ ...incident, target: "api-1" }] }),
      unexplained
    )
    assert.deepStrictEqual(
      failures({ calls: [call, again], incidents: [{ ...incident, from: 60_000, until: 60_000 }] }),
      unexplained
    )
    // Both are recorded, so the gateway knew.
    assert.include(
      failures({
        calls: [call, { ...again, attempt: 2 }],
        deliveries: [{ ...delivery, attemptCount: 2 }],
        attempts: [{ ...attempt, outcome: "failure", httpStatus: null, error: "timeout" }, { ...attempt, number: 2 }],
        incidents: [incident]
      }),
      "delivered twice, unexplained"
    )
    // The gateway had given up by then.
    assert.deepStrictEqual(
      failures({
        calls: [{ ...call, completeAt: 4_100 }, { ...again, attempt: 2 }],
        deliveries: [{ ...delivery, attemptCount: 2 }],
        attempts: [{ ...attempt, outcome: "failure", httpStatus: null, error: "timeout" }, { ...attempt, number: 2 }]
      }),
      []
    )
    const { repeats } = Checker.judge(books({ calls: [call, again], incidents: [incident] }))
    assert.strictEqual(repeats.explained.length, 1)
  })

  it("holds a queued message's loss against the broker unless a fault took it or held it back", () => {
    assert.deepStrictEqual(failures({ finds: [find] }), ["queued messages lost"])
    assert.deepStrictEqual(failures({ finds: [{ ...find, queued: 0 }] }), [])
    assert.deepStrictEqual(failures({ finds: [{ ...find, because: "they were never queued" }] }), [])
    const purge: Books.Incident = { ...incident, kind: "rabbitmq-purge", target: "process" }
    assert.deepStrictEqual(failures({ finds: [find], incidents: [purge] }), [])
    const kill: Books.Incident = { ...incident, kind: "rabbitmq-kill", target: "rabbitmq" }
    assert.deepStrictEqual(failures({ finds: [find], incidents: [kill] }), ["queued messages lost"])
  })

  it("tells of broken locks, of processes that ended by themselves, and of errors in a log", () => {
    assert.deepStrictEqual(failures({ brokenLocks: [{ at: 0, key: "k", holder: "a", by: "b" }] }), ["locks broken"])
    assert.deepStrictEqual(failures({ badEnds: [{ member: "api-1", at: 0, how: "code 1" }] }), ["ended by themselves"])
    assert.deepStrictEqual(failures({ badLines: [{ member: "api-1", text: "…" }] }), ["errors in a log"])
  })
})
