// @effect-diagnostics strictEffectProvide:off
import { assert, it, layer } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Layer } from "effect"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import * as Elapsed from "../../src/services/Elapsed.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Leases, lockOf } from "../../src/services/Leases.ts"
import { Limits } from "../../src/services/Limits.ts"
import { Coordination } from "../../src/services/ports/Coordination.ts"
import type { Work } from "../../src/services/store/ClaimStore.ts"
import { claim, work } from "../support/Claims.ts"
import { eventually } from "../support/Eventually.ts"
import * as Rows from "../support/Rows.ts"
import { stores, storesOn } from "../support/Stores.ts"

// Renewed every 100 ms.
const lockTtl = Duration.millis(300)

/** A claimed delivery with its lock, and another one that nobody keeps: when that is free, a whole lease has passed. */
const claimed = Effect.gen(function*() {
  const coordination = yield* Coordination
  const [kept, witness] = yield* Rows.deliveries(yield* Rows.destination(), 2)
  const work_ = yield* Effect.flatMap(claim(kept), work)
  yield* coordination.lock([lockOf(work_)], lockTtl)
  return {
    kept,
    work: work_,
    aLeaseLater: Effect.zipRight(claim(witness), eventually(claim(witness), (_) => _?._tag === "Claimed"))
  }
})

/** Coordination whose answers to renewals come when a test lets them. */
class Renewals extends Context.Tag("sluice/test/services/Leases.test/Renewals")<Renewals, {
  readonly asked: Deferred.Deferred<void>
  readonly answered: Deferred.Deferred<void>
  /** A renewal has asked for the place too. */
  readonly entered: Deferred.Deferred<void>
}>() {
  static readonly layer = Layer.effect(
    Renewals,
    Effect.all({ asked: Deferred.make<void>(), answered: Deferred.make<void>(), entered: Deferred.make<void>() })
  )
}

const slow = Layer.effect(
  Coordination,
  Effect.map(Effect.all([Coordination, Renewals]), ([real, { answered, asked, entered }]) =>
    Coordination.of({
      ...real,
      renew: (...args) =>
        real.renew(...args).pipe(
          Effect.zipLeft(Deferred.succeed(asked, undefined)),
          Effect.zipLeft(Deferred.await(answered))
        ),
      enter: (...args) =>
        real.enter(...args).pipe(
          Effect.tap(() => Effect.whenEffect(Deferred.succeed(entered, undefined), Deferred.isDone(answered)))
        )
    }))
).pipe(Layer.provide(MemoryCoordination.layer))

it.scopedLive("an attempt that ends in the midst of its renewal leaves no place of its destination taken", () =>
  Effect.gen(function*() {
    const { answered, asked, entered } = yield* Renewals
    const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
    const claimed: Work = { ...(yield* Effect.flatMap(claim(message), work)), concurrency: 1 }
    const coordination = yield* Coordination
    const [leases, limits] = [yield* Leases, yield* Limits]
    yield* leases.keep(claimed, yield* Elapsed.millis)
    assert.isTrue(yield* limits.admit(claimed))
    yield* Deferred.await(asked)
    yield* leases.letGo(claimed)
    yield* limits.leave(claimed)
    yield* Deferred.succeed(answered, undefined)
    yield* Deferred.await(entered)
    const place = coordination.enter(`places:${claimed.destinationId}`, "another attempt", 1, Duration.minutes(1))
    // Long before the place would lapse by itself.
    yield* eventually(place, (entered) => entered, 1_000)
  }).pipe(Effect.provide(Layer.provideMerge(storesOn(slow, { lockTtl: Duration.seconds(3) }), Renewals.layer))))

layer(stores({ lockTtl }), { excludeTestServices: true, timeout: "30 seconds" })("leases", (it) => {
  it.scoped("stay alive for as long as they are kept: the claim and the lock", () =>
    Effect.gen(function*() {
      const coordination = yield* Coordination
      const { aLeaseLater, kept, work } = yield* claimed
      yield* (yield* Leases).keep(work, yield* Elapsed.millis)
      yield* Effect.replicateEffect(aLeaseLater, 2)
      assert.strictEqual((yield* claim(kept))?._tag, "Busy")
      assert.deepStrictEqual(yield* coordination.lock([lockOf({ ...work, token: yield* Ids.next })], lockTtl), [false])
    }))

  it.scoped("lapse once they are no longer kept", () =>
    Effect.gen(function*() {
      const coordination = yield* Coordination
      const { kept, work } = yield* claimed
      const leases = yield* Leases
      yield* leases.keep(work, yield* Elapsed.millis)
      yield* leases.letGo(work)
      yield* eventually(claim(kept), (_) => _?._tag === "Claimed")
      const another = [lockOf({ ...work, token: yield* Ids.next })]
      yield* eventually(coordination.lock(another, lockTtl), ([locked]) => locked === true)
    }))

  it.scoped("that a successor has taken are not renewed by the one that lost them", () =>
    Effect.gen(function*() {
      const { aLeaseLater, kept, work: lost } = yield* claimed
      yield* Rows.set(kept, "lease_until = now() - interval '1 second'")
      yield* Effect.flatMap(claim(kept), work)
      yield* (yield* Leases).keep(lost, yield* Elapsed.millis)
      yield* aLeaseLater
      yield* eventually(claim(kept), (_) => _?._tag === "Claimed")
    }))

  it.scoped("are asked for only when they may be over, and are not held once a successor has them", () =>
    Effect.gen(function*() {
      const leases = yield* Leases
      const now = yield* Elapsed.millis
      const { kept, work: mine } = yield* claimed
      yield* leases.keep(mine, now)
      yield* Rows.set(kept, "claim_token = gen_random_uuid()")
      // It was had just now, so nobody is asked.
      assert.isTrue(yield* leases.holds(mine))
      yield* leases.keep(mine, now - 60_000)
      assert.isFalse(yield* leases.holds(mine))
      yield* Rows.set(kept, `claim_token = '${mine.token}'`)
      assert.isTrue(yield* leases.holds(mine))
    }))
})
