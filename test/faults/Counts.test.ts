import { assert, describe, it } from "@effect/vitest"
import type * as Books from "./Books.ts"
import { attempt, call, delivery, failed, failures, incident } from "./Sample.ts"

const miscounted = ["attempts miscounted"]
const timeout = failed("timeout: no complete answer within the delivery timeout")
const twice = { ...delivery, attemptCount: 2 }
const late = { at: 5_000, completeAt: 5_010 }
/** The second attempt succeeds. */
const second: Books.Call = { ...call, ...late, attempt: 2 }
const success: Books.AttemptRow = { ...attempt, number: 2, startedAt: 4_995, recordedAt: 5_015 }
const hanging: Books.Call = { ...call, status: null, completeAt: null }

/** A first attempt that failed, and a second one that succeeded. */
const after = (
  row: Books.AttemptRow,
  calls: ReadonlyArray<Books.Call>,
  incidents: ReadonlyArray<Books.Incident> = []
) => failures({ deliveries: [twice], attempts: [row, success], calls: [...calls, second], incidents })

describe("the count of attempts", () => {
  it("fails where the rows do not bear out the delivery", () => {
    assert.deepStrictEqual(failures({ deliveries: [twice] }), miscounted)
    assert.deepStrictEqual(failures({ attempts: [] }), miscounted)
    assert.deepStrictEqual(failures({ attempts: [timeout] }), miscounted)
    assert.deepStrictEqual(
      failures({ deliveries: [twice], attempts: [timeout, attempt], calls: [call] }),
      miscounted
    )
    assert.deepStrictEqual(
      failures({
        deliveries: [twice],
        attempts: [timeout, { ...success, number: 3 }],
        calls: [hanging, { ...second, attempt: 3 }]
      }),
      miscounted
    )
    assert.deepStrictEqual(after(timeout, [hanging]), [])
  })

  it("fails where a status was recorded that the callback did not answer, or for a success", () => {
    assert.include(failures({ calls: [{ ...call, attempt: 2 }] }), "attempts miscounted")
    assert.deepStrictEqual(failures({ calls: [{ ...call, status: 201 }] }), miscounted)
    const error = { ...attempt, outcome: "failure", httpStatus: 500, error: "HTTP 500" }
    assert.deepStrictEqual(after(error, [{ ...call, status: 500 }]), [])
    assert.include(after({ ...error, outcome: "success" }, [{ ...call, status: 500 }]), "attempts miscounted")
  })

  it("fails where an attempt failed without a call, unless something kept it from arriving", () => {
    const reset = failed("connection: other side closed")
    const callback: Books.Incident = { ...incident, kind: "callback-reset", target: "ledger" }
    const freeze: Books.Incident = { ...incident, kind: "freeze", target: "worker-2" }
    for (const row of [timeout, reset]) {
      assert.deepStrictEqual(after(row, []), miscounted)
      assert.deepStrictEqual(after(row, [], [callback]), [])
      assert.deepStrictEqual(after(row, [], [freeze]), [])
      assert.deepStrictEqual(after(row, [], [{ ...callback, from: 20_000, until: 30_000 }]), miscounted)
    }
    assert.deepStrictEqual(after(reset, [], [{ ...callback, target: "mail" }]), miscounted)
    assert.deepStrictEqual(after(timeout, [], [{ ...callback, target: "mail" }]), [])
  })

  it("fails for an attempt that failed at what is always there", () => {
    for (
      const error of ["dns: not found", "address_refused: 127.0.0.1", "secret_unreadable: …", "content_missing: …"]
    ) {
      assert.deepStrictEqual(after(failed(error), []), miscounted)
    }
  })

  it("fails where a call has no record in the end, but not while the delivery is open", () => {
    assert.deepStrictEqual(failures({ calls: [call, { ...second, status: 500 }] }), [
      "repeated, unexplained",
      "attempts miscounted"
    ])
    const open = { ...delivery, state: "delivering", attemptCount: 0 }
    assert.deepStrictEqual(failures({ deliveries: [open], attempts: [] }), ["stuck"])
  })
})
