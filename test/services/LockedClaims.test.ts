// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Duration, Effect, Layer, Ref } from "effect"
import * as Ids from "../../src/services/Ids.ts"
import { lockOf } from "../../src/services/Leases.ts"
import * as LockedClaims from "../../src/services/LockedClaims.ts"
import { Coordination, CoordinationError, type Lock } from "../../src/services/ports/Coordination.ts"
import { ClaimStore } from "../../src/services/store/ClaimStore.ts"
import { StoreError } from "../../src/services/store/Store.ts"
import { eventually } from "../support/Eventually.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

/** Redis is away for the first two releases; what is released after them. */
const away = (released: Ref.Ref<ReadonlyArray<Lock>>) =>
  Layer.effect(
    Coordination,
    Effect.map(Effect.all([Coordination, Ref.make(0)]), ([real, releases]) =>
      Coordination.of({
        ...real,
        unlock: (locks) =>
          Effect.flatMap(
            Ref.updateAndGet(releases, (_) => _ + 1),
            (_) =>
              _ <= 2
                ? Effect.fail(new CoordinationError({ reason: "Unavailable" }))
                : Ref.update(released, (_) => [..._, ...locks])
          )
      }))
  )

it.scopedLive("a lock that Redis did not release is released when it is back, so that the retry is not kept waiting", () =>
  Effect.gen(function*() {
    const released = yield* Ref.make<ReadonlyArray<Lock>>([])
    yield* Effect.gen(function*() {
      const { claim, release } = yield* LockedClaims.make
      const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
      const asked = { ...yield* Effect.fromNullable(message), token: yield* Ids.next }
      assert.deepStrictEqual((yield* claim([asked])).map((_) => _._tag), ["Claimed"])
      yield* release([asked])
      yield* eventually(released, (_) => _.length > 0)
      assert.deepStrictEqual(yield* released, [lockOf(asked)])
    }).pipe(Effect.provide(Layer.provideMerge(away(released), stores())))
  }))

it.scopedLive("a worker whose claims PostgreSQL does not take locks them once, and then leaves them to others until it does", () =>
  Effect.gen(function*() {
    const coordination = yield* Coordination
    const claims = yield* ClaimStore
    const isFree: Array<boolean> = []
    // The first three claims go nowhere, and each looks whether another worker could have the lock meanwhile.
    const store = ClaimStore.of({
      ...claims,
      claim: (asked) =>
        isFree.length === 3 ? claims.claim(asked) : Effect.zipRight(
          Effect.flatMap(
            coordination.lock(asked.map((one) => ({ ...lockOf(one), token: "another's" })), Duration.minutes(1)),
            (taken) =>
              Effect.zipRight(
                Effect.sync(() => isFree.push(taken.every((_) => _))),
                coordination.unlock(asked.map((one) => ({ ...lockOf(one), token: "another's" })))
              )
          ).pipe(Effect.orDie),
          Effect.fail(new StoreError({ reason: "Unavailable", cause: "away" }))
        )
    })
    const { claim } = yield* Effect.provideService(LockedClaims.make, ClaimStore, store)
    const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
    const asked = { ...yield* Effect.fromNullable(message), token: yield* Ids.next }
    yield* Effect.replicateEffect(Effect.flip(claim([asked])), 3)
    assert.deepStrictEqual(isFree, [false, true, true])
    assert.deepStrictEqual((yield* claim([asked])).map((_) => _._tag), ["Claimed"])
  }).pipe(Effect.provide(stores())))
