import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import type * as Books from "./Books.ts"
import * as Checker from "./Checker.ts"
import * as Environment from "./Environment.ts"
import { attempt, books, call, delivery, failed, failures, incident } from "./Sample.ts"

const unexplained = ["repeated, unexplained"]
const seconds = 1_000

/** The second call of the same attempt, which is the one that is recorded. */
const again: Books.Call = { ...call, at: 5 * seconds, completeAt: 5 * seconds + 10 }
const record: Books.AttemptRow = { ...attempt, startedAt: 5 * seconds - 5, recordedAt: 5 * seconds + 15 }
const twice = (incidents: ReadonlyArray<Books.Incident>, first: Partial<Books.Call> = {}) =>
  failures({ calls: [{ ...call, ...first }, again], attempts: [record], incidents })

const postgres: Books.Incident = { ...incident, kind: "postgres-kill", target: "postgres", until: 4 * seconds }
const line: Books.Incident = { ...postgres, kind: "line-break", target: "worker-1>postgres" }
const freeze: Books.Incident = { ...incident, kind: "freeze", from: 0, until: 5 * seconds }

/** A first attempt that ran into its time limit, and a second one. */
const timeout = { ...failed("timeout: no complete answer"), recordedAt: 9 * seconds }
const next: Books.Call = { ...call, attempt: 2, at: 10 * seconds, completeAt: 10 * seconds + 10 }
const success = { ...attempt, number: 2, startedAt: 10 * seconds - 5, recordedAt: 10 * seconds + 15 }
const followed = (
  calls: ReadonlyArray<Books.Call>,
  incidents: ReadonlyArray<Books.Incident> = [],
  startedAt = timeout.startedAt
) =>
  failures({
    deliveries: [{ ...delivery, attemptCount: 2 }],
    attempts: [{ ...timeout, startedAt }, success],
    calls: [...calls, next],
    incidents
  })

describe("the judgement of repeats", () => {
  it("explains a second call of an attempt by what kept the first from being recorded", () => {
    assert.deepStrictEqual(twice([]), unexplained)
    for (const one of [incident, postgres, line, { ...freeze, from: 1_005 }]) assert.deepStrictEqual(twice([one]), [])
  })

  it("explains one whose first call was read after its worker was killed, when nobody could tell any more whose it was", () => {
    const [soon, late] = [2 * seconds, 4.8 * seconds].map((at) => ({ at, completeAt: null }))
    assert.deepStrictEqual(twice([incident], { ...soon, worker: null }), [])
    assert.deepStrictEqual(twice([incident], { ...soon, worker: "worker-1" }), unexplained)
    assert.deepStrictEqual(twice([incident], { ...late, worker: null }), unexplained)
  })

  it("counts a second call of an attempt whatever the first one was answered", () => {
    for (const first of [{ status: 500 }, { status: null, completeAt: null }, { completeAt: null }]) {
      assert.deepStrictEqual(twice([], first), unexplained)
      assert.deepStrictEqual(twice([incident], first), [])
    }
  })

  it("explains none by what does not keep a record from being made", () => {
    const others: ReadonlyArray<Partial<Books.Incident>> = [
      { target: "api-1" },
      { kind: "line-break", target: "api-1>postgres" },
      { kind: "line-break", target: "worker-1>redis" },
      { kind: "clock-hours" },
      { kind: "rabbitmq-kill", target: "rabbitmq" },
      { kind: "terminate" }
    ]
    for (const other of others) assert.deepStrictEqual(twice([{ ...incident, ...other }]), unexplained)
  })

  it("explains none by what was over before the first call, or began after its record was due, or after the second", () => {
    const spans: ReadonlyArray<readonly [from: number, until: number]> = [[-9_000, 100], [4_000, 4_000], [9_000, 9_000]]
    const mine: Partial<Books.Call> = { worker: "worker-1" }
    for (const [from, until] of spans) assert.deepStrictEqual(twice([{ ...incident, from, until }], mine), unexplained)
    assert.deepStrictEqual(twice([{ ...postgres, from: -20_000, until: -9_000 }]), unexplained)
    assert.deepStrictEqual(twice([{ ...postgres, from: -9_000, until: -1_000 }]), [])
    // A hanging call is under way until its time limit.
    assert.deepStrictEqual(twice([{ ...incident, from: 4_000, until: 4_000 }], { status: null, completeAt: null }), [])
  })

  it("explains none that comes before the first one's lease is over, unless it was hurt before that call", () => {
    const soon = (incident: Books.Incident) =>
      failures({
        calls: [call, { ...again, at: 2_400, completeAt: 2_410 }],
        attempts: [{ ...record, startedAt: 2_395, recordedAt: 2_415 }],
        incidents: [incident]
      })
    for (const one of [incident, postgres, line]) {
      assert.deepStrictEqual(soon({ ...one, from: 1_005 }), unexplained)
      assert.deepStrictEqual(soon({ ...one, from: 0 }), [])
    }
  })

  it("explains none by what could not be done", () => {
    assert.deepStrictEqual(twice([{ ...incident, failure: "no such process" }]), unexplained)
    // It may have been done in part.
    assert.deepStrictEqual(twice([{ ...postgres, failure: "it did not come back" }]), [])
  })

  it("does not let the trouble of one worker explain the calls of the other", () => {
    assert.deepStrictEqual(twice([incident], { worker: "worker-1" }), [])
    assert.deepStrictEqual(twice([incident], { worker: "worker-2" }), unexplained)
    assert.deepStrictEqual(twice([line], { worker: "worker-2" }), unexplained)
    assert.deepStrictEqual(twice([postgres], { worker: "worker-2" }), [])
  })

  it("does not explain a call that was made although the gateway knew of the yes", () => {
    const known = (incidents: ReadonlyArray<Books.Incident>, worker: Books.Call["worker"] = null) =>
      failures({ calls: [call, { ...again, worker }], incidents })
    assert.deepStrictEqual(known([]), unexplained)
    for (const one of [incident, postgres, line]) assert.deepStrictEqual(known([one]), unexplained)
    assert.deepStrictEqual(known([freeze]), [])
    assert.deepStrictEqual(known([freeze], "worker-1"), [])
    assert.deepStrictEqual(known([freeze], "worker-2"), unexplained)
    assert.deepStrictEqual(known([{ ...freeze, until: seconds }]), unexplained)
    assert.deepStrictEqual(known([{ ...freeze, until: 9 * seconds }]), unexplained)
  })

  it("lets a call cross with the record of another one", () => {
    const crossing = { ...call, at: attempt.recordedAt + 300, completeAt: attempt.recordedAt + 310 }
    assert.deepStrictEqual(failures({ calls: [call, crossing], incidents: [incident] }), [])
  })

  it("does not explain a call of an attempt that is over", () => {
    const hanging = { ...call, status: null, completeAt: null }
    assert.deepStrictEqual(followed([hanging]), [])
    assert.deepStrictEqual(followed([hanging, { ...call, at: 9_600, completeAt: 9_610 }], [postgres]), unexplained)
    const overtaken = [hanging, { ...call, at: 10_100, status: null, completeAt: null }]
    assert.deepStrictEqual(followed(overtaken, [postgres]), unexplained)
    assert.deepStrictEqual(followed(overtaken, [{ ...freeze, until: 10_000 }]), [])
  })

  it("explains a further attempt only where the yes came after the time limit", () => {
    const limit = attempt.startedAt + Duration.toMillis(Environment.deliveryTimeout)
    const yes = (completeAt: number) => followed([{ ...call, completeAt }], [incident, postgres, line, freeze])
    assert.deepStrictEqual(yes(limit - 260), unexplained)
    assert.deepStrictEqual(yes(limit - 240), [])
    assert.deepStrictEqual(yes(limit + 500), [])
  })

  it("looks at the last of several calls with one number for the answer that was recorded", () => {
    const yes = { ...call, at: 1_010 }
    const others = { status: null, completeAt: null, at: 5_000 }
    assert.deepStrictEqual(followed([yes, { ...call, ...others }], [incident]), [])
    const hanging = { ...call, status: null, completeAt: null }
    assert.deepStrictEqual(followed([hanging, again], [incident], again.at - 5), unexplained)
    // A worker that was frozen made the last one, and the record is the other's.
    assert.deepStrictEqual(followed([hanging, again], [freeze], again.at - 5), [])
  })

  it("names what explains a repeat, and counts what was delivered twice", () => {
    const { repeats } = Checker.judge(books({ calls: [call, again], attempts: [record], incidents: [incident] }))
    assert.strictEqual(repeats.deliveredTwice, 1)
    assert.strictEqual(repeats.explained.length, 1)
    assert.deepStrictEqual(repeats.causes, [["kill", 1]])
    assert.include(repeats.explained[0], "kill worker-1 from 00:00:00.900")
    const error = Checker.judge(books({ calls: [{ ...call, status: 500 }, again], attempts: [record] }))
    assert.strictEqual(error.repeats.deliveredTwice, 0)
  })
})
