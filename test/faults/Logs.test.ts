import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { StoreError } from "../../src/services/store/Store.ts"
import { queuedAgain, why } from "../../src/services/Sweeper.ts"
import { members } from "./Kinds.ts"
import * as Logs from "./Logs.ts"

const line = (logLevel: string, message: unknown, cause?: string) =>
  JSON.stringify({ message, logLevel, timestamp: "2026-01-01T00:00:00Z", cause })

const read = (...lines: ReadonlyArray<string>) => {
  const book = Logs.make()
  for (const one of lines) book.read("worker-1", 7, one)
  return book
}

const areBad = (...lines: ReadonlyArray<string>) => read(...lines).badLines.map(({ text }) => lines.indexOf(text))

const pretty = (cause: Cause.Cause<unknown>) => Cause.pretty(cause, { renderErrorCause: true })

const store = (reason: StoreError["reason"]) => new StoreError({ reason, cause: new Error("a\nb") })

describe("the book of logs", () => {
  it("takes down what a process calls an error", () => {
    assert.deepStrictEqual(
      areBad(
        line("INFO", "Delivering"),
        line("WARN", "PostgreSQL cannot be used now"),
        line("ERROR", "Handling a message failed"),
        line("FATAL", "Sluice cannot go on")
      ),
      [2, 3]
    )
  })

  it("takes down whatever is no line of a log, as Node's own warnings are none", () => {
    const warning = "(node:7) MaxListenersExceededWarning: Possible EventEmitter memory leak detected."
    assert.deepStrictEqual(areBad("TypeError: x is not a function", "    at somewhere", warning), [0, 1, 2])
  })

  it("knows a line that was cut off by a kill", () => {
    const whole = line("INFO", "Delivering")
    const book = read(`${line("INFO", "Something").slice(0, 30)}${whole}`)
    assert.deepStrictEqual(book.badLines, [])
    assert.notInclude(book.unheard().join(), "worker-1")
    assert.strictEqual(read(whole.slice(0, 30)).badLines.length, 1)
  })

  it("takes a warning for an error unless its cause is a server that is away", () => {
    const failed = (cause: Cause.Cause<unknown>) => line("WARN", "Sweeping failed; it goes on", pretty(cause))
    assert.deepStrictEqual(
      areBad(
        failed(Cause.fail(store("Unavailable"))),
        failed(Cause.fail(store("Contended"))),
        failed(Cause.fail(store("Rejected"))),
        failed(Cause.die(new TypeError("no StoreError: Unavailable"))),
        failed(Cause.sequential(Cause.fail(store("Unavailable")), Cause.die(new TypeError("x"))))
      ),
      [2, 3, 4]
    )
  })

  it("finds such a cause within the message too", () => {
    // As Effect's JSON logger shows an error that is part of a message.
    const said = ({ ...fields }: StoreError) => line("WARN", ["A webhook could not be stored", fields])
    assert.deepStrictEqual(areBad(said(store("Unavailable")), said(store("Conflict"))), [1])
  })

  it("takes down what the sweeper found, by state", () => {
    const { finds } = read(
      line("INFO", [queuedAgain, { found: 3, published: 3, because: why.lost, states: { queued: 2, retrying: 1 } }]),
      line("INFO", [queuedAgain, { found: 1, published: 1, because: why.neverQueued }])
    )
    assert.deepStrictEqual(finds, [
      { member: "worker-1", at: 7, found: 3, queued: 2, because: "the broker lost it" },
      { member: "worker-1", at: 7, found: 1, queued: 0, because: "they were never queued" }
    ])
  })

  it("tells of whom it has heard nothing", () => {
    const book = Logs.make()
    assert.strictEqual(book.unheard().length, members.length + 2)
    for (const member of members) book.read(member, 7, line("INFO", "Delivering"))
    assert.deepStrictEqual(book.unheard(), [])
  })
})
