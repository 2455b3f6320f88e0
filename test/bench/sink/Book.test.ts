import { assert, describe, it } from "@effect/vitest"
import * as Book from "../../../bench/sink/Book.ts"
import * as Ids from "../../../bench/wire/Ids.ts"

const call = (at: number, isWhole = true) => ({ at, isWhole })
const healthy = { delayMs: 0, status: 500, failing: 0 }

describe("the book of the callbacks", () => {
  it("keeps destinations and batches apart, and the first arrival of each webhook", () => {
    const book = Book.make()
    book.note("d1", Ids.make("b1", 3), call(10), healthy)
    book.note("d1", Ids.make("b1", 3), call(20, false), healthy)
    book.note("d2", Ids.make("b1", 3), call(30), healthy)
    book.note("d1", Ids.make("b2", 0), call(40), healthy)
    assert.deepStrictEqual(book.count(), { delivered: 3, calls: 4 })
    assert.deepStrictEqual(
      book.pages().map((
        { at, batch, destination, spoiled, successes }
      ) => [destination, batch, successes[3], spoiled, at[3], at[0]]),
      [["d1", "b1", 2, 1, 10, 0], ["d2", "b1", 1, 0, 30, 0], ["d1", "b2", 0, 0, 0, 40]]
    )
  })

  it("grows with the numbers", () => {
    const book = Book.make()
    book.note("d1", Ids.make("b1", 1), call(10), healthy)
    book.note("d1", Ids.make("b1", 1_000_000), call(20), healthy)
    const [page] = book.pages()
    assert.deepStrictEqual([page?.at[1], page?.at[1_000_000], page?.successes[1]], [10, 20, 1])
  })

  it("refuses the first call of a share of the webhooks, and only that", () => {
    const book = Book.make()
    const calls = Array.from(
      { length: 200 },
      (_, number) => book.note("d1", Ids.make("b1", number), call(1), { ...healthy, failing: 0.25 })
    )
    assert.strictEqual(calls.filter((succeeds) => !succeeds).length, 50)
    assert.deepStrictEqual(calls.slice(0, 5), [false, true, true, true, false])
    assert.isTrue(book.note("d1", Ids.make("b1", 0), call(2), { ...healthy, failing: 0.25 }))
    assert.deepStrictEqual(book.count(), { delivered: 151, calls: 201 })
  })
})
