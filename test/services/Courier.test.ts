// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Ref } from "effect"
import { Courier } from "../../src/services/Courier.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Leases } from "../../src/services/Leases.ts"
import { CallbackClient } from "../../src/services/ports/CallbackClient.ts"
import { Coordination } from "../../src/services/ports/Coordination.ts"
import { Precedence } from "../../src/services/Precedence.ts"
import { ClaimStore } from "../../src/services/store/ClaimStore.ts"
import { StoreError } from "../../src/services/store/Store.ts"
import { eventually } from "../support/Eventually.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

/** How many calls were made. */
class Calls extends Context.Tag("sluice/test/services/Courier.test/Calls")<Calls, Ref.Ref<number>>() {
  static readonly layer = Layer.effect(Calls, Ref.make(0))
}

/** Callbacks that answer, once a call is noted. */
const answering = (noted: Effect.Effect<unknown>) =>
  CallbackClient.of({
    post: () => Effect.as(noted, { _tag: "Answered", status: 200, body: "", retryAfter: Option.none() }),
    check: () => Effect.void
  })

const counting = Layer.effect(
  CallbackClient,
  Effect.map(Calls, (calls) => answering(Ref.update(calls, (_) => _ + 1)))
)

/** PostgreSQL brings the body so late that another worker has the delivery. */
const late = Layer.effect(
  ClaimStore,
  Effect.map(Effect.all([ClaimStore, SqlClient.SqlClient]), ([real, sql]) =>
    ClaimStore.of({
      ...real,
      load: (work) =>
        sql`UPDATE deliveries SET claim_token = gen_random_uuid() WHERE id = ${work.deliveryId}`.pipe(
          Effect.orDie,
          Effect.zipRight(real.load(work))
        )
    }))
)

/** Leases that may always be over. */
const short = Layer.effect(
  Leases,
  Effect.map(ClaimStore, ({ renew }) =>
    Leases.of({
      keep: () => Effect.void,
      letGo: () => Effect.void,
      holds: (work) => Effect.map(renew([work]), (renewed) => renewed.has(work.token))
    }))
)

it.scopedLive("a body that comes after the lease has passed to another worker is not sent", () =>
  Effect.gen(function*() {
    const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
    const { _tag } = yield* (yield* Courier).carry(yield* Effect.fromNullable(message))
    assert.strictEqual(_tag, "Ack")
    assert.strictEqual(yield* Ref.get(yield* Calls), 0)
    assert.strictEqual((yield* Rows.row(message))?.state, "delivering")
  }).pipe(Effect.provide(
    Layer.fresh(Courier.layer).pipe(
      Layer.provide(Layer.mergeAll(late, short, counting)),
      Layer.provideMerge(Layer.merge(stores(), Calls.layer))
    )
  )))

/** Whether the turn was left. */
class Left extends Context.Tag("sluice/test/services/Courier.test/Left")<Left, Ref.Ref<boolean>>() {
  static readonly layer = Layer.effect(Left, Ref.make(false))
}

const patient = Layer.effect(
  Precedence,
  Effect.map(Left, (left) =>
    Precedence.of({
      arrived: Effect.void,
      crowded: Effect.succeed(false),
      giveWay: (work) => work(Ref.set(left, true))
    }))
)

/** Counts a call only where the turn was left before it. */
const watching = Layer.effect(
  CallbackClient,
  Effect.map(
    Effect.all([Calls, Left]),
    ([calls, left]) => answering(Effect.whenEffect(Ref.update(calls, (_) => _ + 1), Ref.get(left)))
  )
)

it.scopedLive("what comes again leaves its turn before its callback is waited for", () =>
  Effect.gen(function*() {
    const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
    const { _tag } = yield* (yield* Courier).carryAgain(yield* Effect.fromNullable(message))
    assert.strictEqual(_tag, "Ack")
    assert.strictEqual(yield* Ref.get(yield* Calls), 1)
    assert.strictEqual((yield* Rows.row(message))?.state, "delivered")
  }).pipe(Effect.provide(
    Layer.fresh(Courier.layer).pipe(
      Layer.provide(Layer.mergeAll(watching, patient)),
      Layer.provideMerge(Layer.mergeAll(stores(), Calls.layer, Left.layer))
    )
  )))

/** PostgreSQL is away for the first claim, and Redis when its lock is released. */
const forgetful = Layer.effect(
  ClaimStore,
  Effect.gen(function*() {
    const real = yield* ClaimStore
    const away = yield* Ref.make(true)
    return ClaimStore.of({
      ...real,
      claim: (claims) =>
        Effect.flatMap(
          Ref.getAndSet(away, false),
          (away) => away ? Effect.fail(new StoreError({ reason: "Unavailable", cause: "away" })) : real.claim(claims)
        )
    })
  })
)
const keeping = Layer.effect(
  Coordination,
  Effect.map(Coordination, (real) => Coordination.of({ ...real, unlock: () => Effect.void }))
)

it.scopedLive("a claim that is tried again knows its own lock", () =>
  Effect.gen(function*() {
    const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
    const { _tag } = yield* (yield* Courier).carry(yield* Effect.fromNullable(message))
    assert.strictEqual(_tag, "Ack")
    assert.strictEqual((yield* Rows.row(message))?.state, "delivered")
  }).pipe(Effect.provide(
    Layer.fresh(Courier.layer).pipe(
      Layer.provide(Layer.mergeAll(forgetful, keeping, counting)),
      Layer.provideMerge(Layer.merge(stores(), Calls.layer))
    )
  )))

/** What was unlocked. The first call never ends, so all that come later are somebody else's. */
class Unlocked extends Context.Tag("sluice/test/services/Courier.test/Unlocked")<Unlocked, Array<string>>() {
  static readonly layer = Layer.sync(Unlocked, (): Array<string> => [])
}

const stuck = Layer.effect(
  Coordination,
  Effect.map(Effect.all([Coordination, Unlocked]), ([real, unlocked]) =>
    Coordination.of({
      ...real,
      unlock: (locks) => unlocked.push(...locks.map((_) => _.key)) === 1 ? Effect.never : Effect.void
    }))
)

const hanging = "http://127.0.0.1:1/hangs"

/** Says yes to the first call, and no to all others; one callback never answers. */
const wearying = Layer.effect(
  CallbackClient,
  Effect.map(Calls, (calls) =>
    CallbackClient.of({
      post: ({ url }) =>
        Effect.flatMap(Ref.getAndUpdate(calls, (_) => _ + 1), (before) =>
          url === hanging ? Effect.never : Effect.succeed({
            _tag: "Answered" as const,
            status: before === 0 ? 200 : 500,
            body: "",
            retryAfter: Option.none()
          })),
      check: () =>
        Effect.void
    }))
)

layer(
  Layer.fresh(Courier.layer).pipe(
    Layer.provide(Layer.merge(stuck, wearying)),
    Layer.provideMerge(Layer.mergeAll(stores(), Calls.layer, Unlocked.layer))
  ),
  { excludeTestServices: true }
)("a lock that the next message may find", (it) => {
  const carried = Effect.fnUntraced(function*(to: Rows.To) {
    const [message] = yield* Rows.deliveries(to, 1)
    const { carry } = yield* Courier
    const { deliveryId } = yield* Effect.fromNullable(message)
    const { _tag } = yield* carry(yield* Effect.fromNullable(message))
    return { message, _tag, isUnlocked: (yield* Unlocked).includes(`lock:delivery:${deliveryId}`) }
  })

  it.effect("is released before its message is settled, where it is tried again soon or held", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const delivered = yield* carried(to)
      assert.strictEqual(delivered._tag, "Ack")
      yield* eventually(Effect.map(Unlocked, (_) => _.length), (_) => _ === 1)

      const failed = yield* carried(to)
      assert.deepStrictEqual([failed._tag, failed.isUnlocked], ["Forward", true])

      yield* sql`UPDATE destinations SET rate_limit_per_minute = 1 WHERE id = ${to.id}`
      yield* carried(to)
      const held = yield* carried(to)
      assert.deepStrictEqual([held._tag, held.isUnlocked], ["Ack", true])
      assert.strictEqual((yield* Rows.row(held.message))?.state, "held")
    }))

  it.effect("is another worker's: the message comes again, also where its lane has no room", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const calls = yield* Calls
      const before = yield* Ref.get(calls)
      const { carry } = yield* Courier
      const to = yield* Rows.destination(hanging)
      yield* sql`UPDATE destinations SET concurrency = 1 WHERE id = ${to.id}`
      const [first, second] = yield* Effect.flatMap(
        Rows.deliveries(to, 2),
        Effect.forEach((_) => Effect.fromNullable(_))
      )
      if (first === undefined || second === undefined) return assert.fail("there are no deliveries")
      const carrying = yield* Effect.fork(carry(first))
      yield* eventually(calls, (_) => _ > before)
      const [claimed] = yield* (yield* ClaimStore).claim([{ ...second, token: yield* Ids.next }])
      assert.strictEqual(claimed?._tag, "Claimed")
      assert.strictEqual((yield* carry(second))._tag, "Forward")
      assert.strictEqual((yield* Rows.row(second))?.state, "delivering")
      yield* Fiber.interrupt(carrying)
    }))

  it.effect("is released before its message is given back", () =>
    Effect.gen(function*() {
      const calls = yield* Calls
      const before = yield* Ref.get(calls)
      const [message] = yield* Rows.deliveries(yield* Rows.destination(hanging), 1)
      const { deliveryId } = yield* Effect.fromNullable(message)
      const carrying = yield* Effect.fork((yield* Courier).carry(yield* Effect.fromNullable(message)))
      yield* eventually(calls, (_) => _ > before)
      yield* Fiber.interrupt(carrying)
      assert.include(yield* Unlocked, `lock:delivery:${deliveryId}`)
      assert.strictEqual((yield* Rows.row(message))?.state, "queued")
    }))
})
