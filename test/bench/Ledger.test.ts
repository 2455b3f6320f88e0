import { assert, describe, it } from "@effect/vitest"
import * as Ledger from "../../bench/Ledger.ts"
import { unsent } from "../../bench/load/Volley.ts"
import * as Ids from "../../bench/wire/Ids.ts"

const batch = "b1"
const ids = (...numbers: ReadonlyArray<number>) => numbers.map((number) => Ids.make(batch, number))

const sent = (...statuses: ReadonlyArray<number>) =>
  Ledger.sentOf({ batch }, {
    numbers: Uint32Array.from(statuses.keys()),
    statuses: Uint16Array.from(statuses)
  })

const page = (destination: string, ...successes: ReadonlyArray<number>) => ({
  destination,
  batch,
  successes: Uint16Array.from(successes),
  refusals: new Uint16Array(successes.length),
  spoiled: 0,
  at: new Float64Array(successes.length)
})

const account = (changes: Partial<Ledger.Account>): Ledger.Account => ({
  sent: [sent(202, 202)],
  stored: ids(0, 1),
  surplus: 0,
  pages: [page("d1", 1, 1)],
  destinations: ["d1"],
  times: 1,
  ...changes
})

describe("the ledger", () => {
  it("has nothing to say where each that was accepted is stored and delivered once", () => {
    assert.deepStrictEqual(Ledger.problems(account({})), [])
  })

  it("tells of one that was accepted but is not stored", () => {
    const [problem, ...more] = Ledger.problems(account({ stored: ids(0), pages: [page("d1", 1)] }))
    assert.include(problem, `1 were accepted, but are not stored, such as ${ids(1)}`)
    assert.deepStrictEqual(more, [])
  })

  it("tells of one that a destination never got, and of one that it got twice", () => {
    const [few, many] = Ledger.problems(account({ pages: [page("d1", 0, 2)] }))
    assert.include(few, `not delivered to d1 as often as they should, such as ${ids(0)}`)
    assert.include(many, `delivered to d1 too often, such as ${ids(1)}`)
  })

  it("looks at every destination", () => {
    const problems = Ledger.problems(account({ destinations: ["d1", "d2"], pages: [page("d1", 1, 1), page("d2", 1)] }))
    assert.lengthOf(problems, 1)
    assert.include(problems[0], "d2")
  })

  it("wants a replayed one twice", () => {
    assert.lengthOf(Ledger.problems(account({ times: 2 })), 1)
    assert.deepStrictEqual(Ledger.problems(account({ times: 2, pages: [page("d1", 2, 2)] })), [])
  })

  it("forgives what had no answer either way, but not what was refused and is stored", () => {
    const one = { sent: [sent(202, 0)] }
    assert.deepStrictEqual(Ledger.problems(account(one)), [])
    assert.deepStrictEqual(Ledger.problems(account({ ...one, stored: ids(0), pages: [page("d1", 1)] })), [])
    const [problem] = Ledger.problems(account({ sent: [sent(202, 401)] }))
    assert.include(problem, `are stored, though they were refused or never sent, such as ${ids(1)}`)
  })

  it("tells of a call about what is not stored", () => {
    const problems = Ledger.problems(account({ sent: [sent(401, 202)], stored: ids(1) }))
    assert.lengthOf(problems, 1)
    assert.include(problems[0], `too often, such as ${ids(0)}`)
  })

  it("tells of bodies that are not their webhook's, and of webhooks that nobody sent", () => {
    const [problem] = Ledger.problems(account({ pages: [{ ...page("d1", 1, 1), spoiled: 2 }] }))
    assert.include(problem, "2 calls of b1 had another body")
    assert.deepStrictEqual(Ledger.problems(account({ surplus: 1 })), ["1 more are stored than were sent"])
    assert.deepStrictEqual(Ledger.idsOf(sent(202, 401)), ids(0, 1))
  })

  it("counts a webhook as accepted by any of its copies, and does not count what was not sent", () => {
    const fates = Ledger.sentOf({ batch }, {
      numbers: Uint32Array.of(0, 1, 0, 2),
      statuses: Uint16Array.of(0, 202, 200, unsent)
    })
    assert.strictEqual(Ledger.accepted(fates), 2)
    assert.deepStrictEqual([...fates.fates], [[0, "accepted"], [1, "accepted"]])
  })
})
