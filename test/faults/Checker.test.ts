import { assert, describe, it } from "@effect/vitest"
import type * as Books from "./Books.ts"
import * as Checker from "./Checker.ts"
import { answer, answered, books, call, delivery, event, failures, incident, webhook } from "./Sample.ts"

const find: Books.Find = { member: "worker-1", at: 5_000, found: 2, queued: 2, because: "the broker lost it" }

describe("the checker", () => {
  it("finds nothing wrong where nothing is", () => {
    assert.isTrue(Checker.isClean(Checker.judge(books())))
    assert.deepStrictEqual(failures({ webhooks: [answered({})], events: [{ ...event, duplicates: 1 }] }), [])
  })

  it("does not call lost what no provider was told to be accepted", () => {
    const refused = { ...webhook, answers: [{ ...answer, status: 503, eventId: null }] }
    const incidents: ReadonlyArray<Books.Incident> = [{
      ...incident,
      kind: "postgres-kill",
      target: "postgres",
      from: 0
    }]
    assert.deepStrictEqual(
      failures({ webhooks: [refused], incidents, calls: [], events: [], deliveries: [], attempts: [] }),
      ["never accepted"]
    )
  })

  it("calls lost what was accepted and is not stored, has no delivery, ended otherwise, or never got its yes", () => {
    assert.include(failures({ events: [] }), "lost")
    assert.include(failures({ deliveries: [] }), "lost")
    assert.include(failures({ deliveries: [{ ...delivery, state: "dead" }] }), "lost")
    assert.include(failures({ calls: [] }), "lost")
    assert.include(failures({ calls: [{ ...call, status: 500 }] }), "lost")
    assert.deepStrictEqual(failures({ calls: [{ ...call, completeAt: null }] }), [])
  })

  it("calls stuck what is still open, and not lost as well", () => {
    for (const state of ["pending", "queued", "delivering", "retrying", "held"]) {
      assert.deepStrictEqual(
        failures({ deliveries: [{ ...delivery, state, attemptCount: 0 }], attempts: [], calls: [] }),
        ["stuck"]
      )
    }
  })

  it("holds a queued message's loss against the broker unless a fault took it or held it back", () => {
    assert.deepStrictEqual(failures({ finds: [find] }), ["queued messages lost"])
    assert.deepStrictEqual(failures({ finds: [{ ...find, queued: 0 }] }), [])
    assert.deepStrictEqual(failures({ finds: [{ ...find, because: "they were never queued" }] }), [])
    const purge: Books.Incident = { ...incident, kind: "rabbitmq-purge", target: "process" }
    assert.deepStrictEqual(failures({ finds: [find], incidents: [purge] }), [])
    assert.deepStrictEqual(failures({ finds: [find], incidents: [{ ...purge, failure: "RabbitMQ is away" }] }), [
      "queued messages lost"
    ])
    assert.deepStrictEqual(failures({ finds: [{ ...find, at: 200_000 }], incidents: [purge] }), [])
    assert.deepStrictEqual(failures({ finds: [{ ...find, at: 300_000 }], incidents: [purge] }), [
      "queued messages lost"
    ])
    const kill: Books.Incident = { ...incident, kind: "rabbitmq-kill", target: "rabbitmq" }
    assert.deepStrictEqual(failures({ finds: [find], incidents: [kill] }), ["queued messages lost"])
  })

  it("tells of broken locks, of processes that ended by themselves, and of errors in a log", () => {
    assert.deepStrictEqual(failures({ brokenLocks: [{ at: 0, key: "k", holder: "a", by: "b" }] }), ["locks broken"])
    assert.deepStrictEqual(failures({ badEnds: [{ member: "api-1", at: 0, how: "code 1" }] }), ["ended by themselves"])
    assert.deepStrictEqual(failures({ badLines: [{ member: "api-1", text: "…" }] }), ["errors in a log"])
  })

  it("passes on what others found in the end", () => {
    assert.deepStrictEqual(failures({ leftInQueues: ["2 messages in faults.dead"] }), ["left in a queue"])
    assert.deepStrictEqual(failures({ notRecovered: ["api-1 accepts nothing"] }), ["did not recover"])
    assert.deepStrictEqual(failures({ doctor: ["a delivery is stuck"] }), ["the doctor's findings"])
    assert.deepStrictEqual(failures({ sawNothing: ["no lock was taken"] }), ["the harness saw nothing"])
  })
})
