import { assert, describe, it } from "@effect/vitest"
import type * as Books from "./Books.ts"
import { answer, answered, copy, event, failures, incident, webhook } from "./Sample.ts"

const unavailable: ReadonlyArray<number | null> = [null, 503]
const postgres: Books.Incident = { ...incident, kind: "postgres-terminate", target: "postgres", from: 0, until: 2_000 }
const none: Partial<Books.Books> = { incidents: [postgres], calls: [], events: [], deliveries: [], attempts: [] }
const lost = { status: null, eventId: null, duplicate: false }
const refused = (status: number | null) =>
  answered({ sentAt: 1_000, endedAt: 2_000, status, eventId: null, duplicate: false })

describe("the judgement of what providers were told", () => {
  it("fails for a webhook that was never accepted", () => {
    for (const status of unavailable) {
      assert.deepStrictEqual(
        failures({ ...none, webhooks: [{ ...webhook, answers: [{ ...answer, ...lost, status }] }] }),
        [
          "never accepted"
        ]
      )
    }
    assert.deepStrictEqual(failures({ ...none, webhooks: [{ ...webhook, answers: [] }] }), ["never accepted"])
  })

  it("fails for every refusal whatever happened, but that it cannot be stored now", () => {
    for (const status of [301, 400, 401, 404, 408, 413, 429, 500, 502]) {
      assert.deepStrictEqual(failures({ webhooks: [refused(status)], incidents: [postgres] }), ["refused wrongly"])
    }
  })

  it("lets a webhook not be stored, or have no answer, only where PostgreSQL, the API or the ways there were hurt", () => {
    const lines: ReadonlyArray<Books.Incident> = [
      postgres,
      { ...postgres, kind: "kill", target: "api-1" },
      { ...postgres, kind: "freeze", target: "api-1" },
      { ...postgres, kind: "line-refuse", target: "api-1>postgres" },
      { ...postgres, kind: "line-break", target: "sender>api-1" }
    ]
    const others: ReadonlyArray<Books.Incident> = [
      { ...postgres, failure: "no connection", until: 100 },
      { ...postgres, from: 3_000, until: 4_000 },
      { ...postgres, from: -60_000, until: -20_000 },
      { ...postgres, kind: "kill", target: "api-2" },
      { ...postgres, kind: "kill", target: "worker-1" },
      { ...postgres, kind: "line-refuse", target: "api-2>postgres" },
      { ...postgres, kind: "line-refuse", target: "api-1>rabbitmq" },
      { ...postgres, kind: "line-hole", target: "api-1>redis" },
      { ...postgres, kind: "rabbitmq-kill", target: "rabbitmq" },
      { ...postgres, kind: "redis-restart", target: "redis" }
    ]
    for (const status of unavailable) {
      for (const one of lines) assert.deepStrictEqual(failures({ webhooks: [refused(status)], incidents: [one] }), [])
      for (const other of others) {
        assert.deepStrictEqual(
          failures({ webhooks: [refused(status)], incidents: [other] }),
          ["refused wrongly"],
          JSON.stringify(other)
        )
      }
    }
  })

  it("lets a body break off or be late only where it was kept from coming or from being read", () => {
    const line: Books.Incident = { ...incident, kind: "line-slow", target: "sender>api-1", from: 1_500, until: 5_000 }
    const freeze: Books.Incident = { ...line, kind: "freeze", target: "api-1" }
    for (const status of [400, 408]) {
      for (const incident of [line, freeze]) {
        assert.deepStrictEqual(failures({ webhooks: [refused(status)], incidents: [incident] }), [])
      }
      for (
        const incident of [
          { ...line, from: 3_000 },
          { ...line, target: "sender>api-2" },
          { ...line, target: "api-1>postgres" },
          { ...freeze, target: "worker-1" }
        ]
      ) assert.deepStrictEqual(failures({ webhooks: [refused(status)], incidents: [incident] }), ["refused wrongly"])
    }
    assert.deepStrictEqual(failures({ webhooks: [refused(401)], incidents: [line] }), ["refused wrongly"])
  })

  it("fails for every webhook that is kept as not to be believed", () => {
    const rejection: Books.RejectionRow = { integration: "orders", reason: "bad_signature", detail: "it does not fit" }
    assert.deepStrictEqual(failures({ rejections: [rejection] }), ["not believed wrongly"])
  })

  it("calls false what was acknowledged for an event that is not the stored one", () => {
    const events = [{ ...event, duplicates: 1 }]
    assert.deepStrictEqual(failures({ webhooks: [answered({ eventId: "another" })], events }), ["false duplicates"])
    assert.include(failures({ webhooks: [answered({ eventId: null })], events }), "false duplicates")
  })

  it("calls false what was accepted as new twice, and not what was told to be a copy each time that was heard", () => {
    assert.deepStrictEqual(failures({ webhooks: [answered({ duplicate: false })] }), ["false duplicates"])
    const unheard = { ...webhook, answers: [{ ...answer, ...lost }, { ...answer, duplicate: true }] }
    assert.deepStrictEqual(
      failures({ webhooks: [unheard], events: [{ ...event, duplicates: 1 }], incidents: [postgres] }),
      []
    )
  })

  it("calls false a count of copies below what was told, or beyond what was sent", () => {
    const twice = { ...webhook, answers: [answer, copy, { ...answer, ...lost }] }
    const counts = (duplicates: number) =>
      failures({ webhooks: [twice], events: [{ ...event, duplicates }], incidents: [postgres] })
    assert.deepStrictEqual([0, 1, 2, 3].map(counts), [["false duplicates"], [], [], ["false duplicates"]])
  })
})
