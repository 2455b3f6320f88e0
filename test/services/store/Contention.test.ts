import { SqlError } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Ref, TestClock } from "effect"
import { guarded, StoreError } from "../../../src/services/store/Store.ts"

const deadlock = { code: "40P01" }

/** A statement that deadlocks so many times, and how often it was tried. */
const deadlocking = (times: number) =>
  Effect.map(Ref.make(0), (tries) => ({
    tries,
    statement: Effect.flatMap(
      Ref.updateAndGet(tries, (_) => _ + 1),
      (tried) => tried > times ? Effect.succeed("done") : Effect.fail(new SqlError.SqlError({ cause: deadlock }))
    )
  }))

const guardedly = <A>(statement: Effect.Effect<A, SqlError.SqlError>) =>
  Effect.gen(function*() {
    const running = yield* Effect.fork(Effect.exit(guarded(statement)))
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(running)
  })

it.effect("a statement that others were in the way of is tried again a few times", () =>
  Effect.gen(function*() {
    const { statement, tries } = yield* deadlocking(6)
    assert.deepStrictEqual(yield* guardedly(statement), Exit.succeed("done"))
    assert.strictEqual(yield* Ref.get(tries), 7)
  }))

it.effect("a statement that others are in the way of again and again is told as contended", () =>
  Effect.gen(function*() {
    const { statement, tries } = yield* deadlocking(7)
    assert.deepStrictEqual(
      yield* guardedly(statement),
      Exit.fail(new StoreError({ reason: "Contended", cause: deadlock }))
    )
    assert.strictEqual(yield* Ref.get(tries), 7)
  }))

it.effect("a statement that nobody is in the way of is tried once, whatever it comes to", () =>
  Effect.gen(function*() {
    const cause = { code: "23505" }
    const refused = Exit.fail(new StoreError({ reason: "Conflict", cause }))
    const tries = yield* Ref.make(0)
    const statement = Effect.zipRight(Ref.update(tries, (_) => _ + 1), new SqlError.SqlError({ cause }))
    assert.deepStrictEqual(yield* Effect.exit(guarded(statement)), refused)
    assert.strictEqual(yield* Ref.get(tries), 1)
  }))
