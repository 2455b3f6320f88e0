import { assert, describe, it } from "@effect/vitest"
import * as Checker from "./Checker.ts"
import * as Offer from "./Offer.ts"
import { answer, attempt, books, call, copy, incident, webhook } from "./Sample.ts"
import * as Table from "./Table.ts"

/** Webhooks that are sent once at these times. */
const sentAt = (times: ReadonlyArray<number>) =>
  times.map((sentAt) => ({ ...webhook, answers: [{ ...answer, sentAt }, { ...answer, sentAt: sentAt + 1 }] }))
const recordedAt = (times: ReadonlyArray<number>) => times.map((recordedAt) => ({ ...attempt, recordedAt }))

describe("what was offered", () => {
  it("is counted while faults were on", () => {
    const { attemptsPerSecond, sentPerSecond } = Offer.of(books({
      webhooks: sentAt([500, 1_000, 1_500, 3_000, 3_500]),
      attempts: recordedAt([2_000, 4_000]),
      incidents: [{ ...incident, from: 1_000, until: 2_000 }, { ...incident, from: 1_500, until: 3_000 }]
    }))
    assert.strictEqual(sentPerSecond, 1.5)
    assert.strictEqual(attemptsPerSecond, 0.5)
  })

  it("is counted from the first webhook to the last one where there were no faults", () => {
    const calm = books({ webhooks: sentAt([0, 1_000, 2_000]), attempts: recordedAt([500, 2_500]) })
    assert.strictEqual(Offer.of(calm).sentPerSecond, 1.5)
    assert.strictEqual(Offer.of(calm).attemptsPerSecond, 0.5)
    assert.strictEqual(Offer.of(books({ webhooks: [] })).sentPerSecond, 0)
  })

  it("is told with the answers and the characters that it met", () => {
    const table = Table.verdict(Checker.judge(books({
      webhooks: [{ ...webhook, answers: [answer, copy, copy, { ...answer, status: null }] }],
      calls: [call, { ...call, character: "busy", attempt: 2 }]
    })))
    assert.match(table, /answers to providers +200: 2, 202: 1, none: 1\n/)
    assert.match(table, /calls by character +busy: 1, healthy: 1\n/)
  })

  it("is told with every repeat and what explains it", () => {
    const again = { ...call, at: 5_000, completeAt: 5_010 }
    const late = { ...attempt, startedAt: 4_995, recordedAt: 5_015 }
    const table = Table.verdict(Checker.judge(books({ calls: [call, again], attempts: [late], incidents: [incident] })))
    assert.match(table, /delivered twice +1 \(1000000 per million\)\n/)
    assert.match(table, /repeated, explained:\n {2}delivery d to ledger: attempt 1 at .*; kill worker-1 from /)
    assert.notInclude(table, "lost:\n")
  })
})
