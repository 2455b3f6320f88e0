import { assert, describe, it } from "@effect/vitest"
import * as Logs from "./Logs.ts"

const line = (logLevel: string, message: unknown) =>
  JSON.stringify({ message, logLevel, timestamp: "2026-01-01T00:00:00Z" })

const read = (...lines: ReadonlyArray<string>) => {
  const book = Logs.make()
  for (const one of lines) book.read("worker-1", 7, one)
  return book
}

describe("the book of logs", () => {
  it("takes down what a process calls an error, and what Node says of one that nobody caught", () => {
    const book = read(
      line("INFO", "Delivering"),
      line("WARN", "PostgreSQL cannot be used now"),
      line("ERROR", "Handling a message failed"),
      line("FATAL", "Sluice cannot go on"),
      "TypeError: x is not a function",
      "    at somewhere"
    )
    assert.deepStrictEqual(book.badLines.map(({ text }) => text.slice(0, 9)), ["{\"message", "{\"message", "TypeError"])
  })

  it("takes a warning for an error where its cause is none of a server's", () => {
    const warning = (cause: string) =>
      JSON.stringify({ message: "Sweeping failed; it goes on", logLevel: "WARN", cause })
    assert.strictEqual(read(warning("StoreError: An error has occurred\n    at x")).badLines.length, 0)
    assert.strictEqual(read(warning("TypeError: x is not a function")).badLines.length, 1)
  })

  it("takes down what the sweeper found, by state", () => {
    const { finds } = read(
      line("INFO", [
        "Deliveries without a message were queued again",
        { found: 3, published: 3, because: "the broker lost it", states: { queued: 2, retrying: 1 } }
      ]),
      line("INFO", [
        "Deliveries without a message were queued again",
        { found: 1, published: 1, because: "they were never queued" }
      ])
    )
    assert.deepStrictEqual(finds, [
      { member: "worker-1", at: 7, found: 3, queued: 2, because: "the broker lost it" },
      { member: "worker-1", at: 7, found: 1, queued: 0, because: "they were never queued" }
    ])
  })
})
