import { assert, describe, it } from "@effect/vitest"
import * as Locks from "./Locks.ts"

const key = "sluice:lock:delivery:d"
const client = "0 127.0.0.1:5000"

/** A book that has read the commands, each at a second. */
const read = (
  ...commands: ReadonlyArray<readonly [second: number, source: string, ...words: ReadonlyArray<string>]>
) => {
  const book = Locks.make()
  for (const [second, source, ...words] of commands) {
    book.read(`+${second.toFixed(6)} [${source}] ${words.map((word) => `"${word}"`).join(" ")}`)
  }
  return book
}

const set = (second: number, token: string) => [second, client, "set", key, token, "PX", "3000", "NX"] as const
const script = (second: number, token: string) => [second, client, "eval", "return \\\"x\\\"", "1", key, token] as const
const inner = (second: number, ...words: ReadonlyArray<string>) => [second, "0 lua", ...words] as const

describe("the book of locks", () => {
  it("has nothing against who releases or extends its own", () => {
    const book = read(
      set(1, "a"),
      script(2, "a"),
      inner(2, "PEXPIRE", key, "3000"),
      script(4, "a"),
      inner(4, "DEL", key),
      set(5, "b"),
      script(6, "b"),
      inner(6, "DEL", key)
    )
    assert.deepStrictEqual(book.broken, [])
    assert.strictEqual(book.taken(), 2)
  })

  it("tells who deletes or extends another's", () => {
    const deleted = read(set(1, "a"), script(2, "b"), inner(2, "DEL", key))
    assert.deepStrictEqual(deleted.broken.map(({ by, holder }) => [holder, by]), [["a", "b"]])
    const extended = read(set(1, "a"), script(2, "b"), inner(2, "PEXPIRE", key, "3000"))
    assert.strictEqual(extended.broken.length, 1)
    assert.strictEqual(read(set(1, "a"), [2, client, "del", key]).broken.length, 1)
  })

  it("reads scripts for many locks, each key with the token at its place", () => {
    const other = `${key}2`
    const both = (second: number, one: string, two: string) =>
      [second, client, "eval", "return 1", "2", key, other, one, two, "3000"] as const
    const taken = [
      both(1, "a", "b"),
      inner(1, "SET", key, "a", "PX", "3000", "NX"),
      inner(1, "SET", other, "b", "PX", "3000", "NX")
    ] as const
    const released = [inner(2, "DEL", key), inner(2, "DEL", other)] as const
    const book = read(...taken, both(2, "a", "b"), ...released)
    assert.deepStrictEqual(book.broken, [])
    assert.strictEqual(book.taken(), 2)
    const careless = read(...taken, both(2, "b", "a"), ...released)
    assert.deepStrictEqual(careless.broken.map(({ by, holder }) => [holder, by]), [["a", "b"], ["b", "a"]])
    const strange = read(...taken, script(2, "a"), ...released)
    assert.deepStrictEqual(strange.broken.map(({ by }) => by), ["a script without its token"])
  })

  it("lets one script release a lock for several tokens if one of them has it", () => {
    const twice = (one: string, two: string) => [2, client, "eval", "return 1", "2", key, key, one, two] as const
    assert.deepStrictEqual(read(set(1, "a"), twice("a", "b"), inner(2, "DEL", key)).broken, [])
    const strangers = read(set(1, "a"), twice("b", "c"), inner(2, "DEL", key))
    assert.deepStrictEqual(strangers.broken.map(({ by, holder }) => [holder, by]), [["a", "b, c"]])
  })

  it("knows that a lock which has lapsed, or was never had, is nobody's", () => {
    assert.deepStrictEqual(read(set(1, "a"), script(5, "b"), inner(5, "DEL", key)).broken, [])
    assert.deepStrictEqual(read(script(5, "b"), inner(5, "DEL", key)).broken, [])
    const refused = read(set(1, "a"), set(2, "b"), script(3, "b"), inner(3, "DEL", key))
    assert.deepStrictEqual(refused.broken.map(({ holder }) => holder), ["a"])
    const second = read(set(1, "a"), set(5, "b"), script(6, "a"), inner(6, "DEL", key))
    assert.deepStrictEqual(second.broken.map(({ by, holder }) => [holder, by]), [["b", "a"]])
  })

  it("cannot tell who has a lock that was asked for just as another lapsed", () => {
    for (const moment of [3.985, 3.999, 4, 4.015]) {
      for (const token of ["a", "b"]) {
        const book = read(set(1, "a"), set(moment, "b"), script(5, token), inner(5, "DEL", key))
        assert.deepStrictEqual(book.broken, [])
      }
    }
  })
})
