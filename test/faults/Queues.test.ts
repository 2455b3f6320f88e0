import { assert, describe, it } from "@effect/vitest"
import * as Queues from "./Queues.ts"

describe("what is left in queues", () => {
  it("is whatever a table of them has messages for", () => {
    const table = "name\tmessages\nfaults.process\t0\nfaults.dead\t1\nfaults.retry.500\t12\n"
    assert.deepStrictEqual(Queues.read(table), ["faults.dead holds 1 message", "faults.retry.500 holds 12 messages"])
    assert.deepStrictEqual(Queues.read("name\tmessages\nfaults.process\t0\n"), [])
  })
})
