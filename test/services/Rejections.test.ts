// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Array, Effect, Layer, Option, Ref, TestClock } from "effect"
import { IntegrationId } from "../../src/domain/Ids.ts"
import { providers } from "../../src/domain/providers/Providers.ts"
import type { Reason } from "../../src/domain/Rejection.ts"
import type { Missed } from "../../src/domain/Sampler.ts"
import { Request } from "../../src/domain/verification/Request.ts"
import { type Rejection, Rejections } from "../../src/services/Rejections.ts"
import { Settings } from "../../src/services/Settings.ts"
import { type NewRejection, RejectionStore } from "../../src/services/store/RejectionStore.ts"
import { StoreError } from "../../src/services/store/Store.ts"
import { Vault } from "../../src/services/Vault.ts"
import * as Grounds from "../support/Grounds.ts"

const integration = (serial: number) =>
  Option.some({
    id: IntegrationId.make(`0192e4a0-0000-7000-8000-${String(serial).padStart(12, "0")}`),
    scheme: providers.token.scheme({})
  })

const rejection = (changes: Partial<Rejection> & Partial<Pick<Request, "body" | "headers">> = {}): Rejection => ({
  integration: integration(1),
  reason: "signature_mismatch",
  detail: "it does not fit",
  request: new Request({
    method: "POST",
    url: "http://gateway/api/v1/webhooks/one",
    headers: changes.headers ??
      { "x-webhook-token": ["secret"], "user-agent": ["a"], cookie: ["c"], "x-own": ["value"] },
    body: changes.body ?? Buffer.from("{}"),
    receivedAt: 1_800_000_000_000
  }),
  size: Option.some(2),
  ...changes
})

interface Seen {
  readonly written: Effect.Effect<ReadonlyArray<NewRejection>>
  readonly missed: Effect.Effect<ReadonlyArray<Omit<Missed, "kind">>>
  readonly trims: Effect.Effect<number>
  readonly fail: (failing: boolean) => Effect.Effect<void>
}

const down = new StoreError({ reason: "Unavailable", cause: "a test" })

/** What is recorded, above a store that only takes down what it is given. */
const test = (name: string, program: (seen: Seen) => Effect.Effect<void, never, Rejections>) =>
  it.effect(name, () =>
    Effect.gen(function*() {
      const written = yield* Ref.make<ReadonlyArray<NewRejection>>([])
      const missed = yield* Ref.make<ReadonlyArray<Omit<Missed, "kind">>>([])
      const trims = yield* Ref.make(0)
      const failing = yield* Ref.make(false)
      const store = Layer.mock(RejectionStore, {
        insert: (one) =>
          Effect.flatMap(Ref.get(failing), (fails) => fails ? down : Ref.update(written, Array.append(one))),
        suppress: (more) =>
          Effect.flatMap(Ref.get(failing), (fails) => fails ? down : Ref.update(missed, Array.appendAll(more))),
        trim: () => Ref.update(trims, (_) => _ + 1)
      })
      const ground = Layer.mergeAll(store, Vault.layer).pipe(
        Layer.provide(Layer.succeed(Settings, Grounds.settings()))
      )
      yield* program({
        written: Effect.zipRight(settled, Ref.get(written)),
        missed: Effect.zipRight(settled, Ref.get(missed)),
        trims: Ref.get(trims),
        fail: (fails) => Ref.set(failing, fails)
      }).pipe(Effect.provide(Layer.provide(Rejections.layer, ground)))
    }))

// The writer works in a fiber of its own.
const settled = Effect.repeatN(Effect.yieldNow(), 400)

const record = (one: Rejection, times = 1) =>
  Effect.flatMap(Rejections, ({ record }) => Effect.replicateEffect(record(one), times, { discard: true }))

test("of one integration and reason ten a minute are kept, and the others are counted", ({ missed, written }) =>
  Effect.gen(function*() {
    yield* record(rejection(), 100)
    const kept = yield* written
    assert.strictEqual(kept.length, 10)
    assert.deepStrictEqual(kept.map((_) => _.suppressed), Array.replicate(0, 10))
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual((yield* missed).map(({ after, count }) => [after, count]), [[kept.at(-1)?.id ?? "", 90]])
    yield* record(rejection(), 5)
    yield* TestClock.adjust("50 seconds")
    yield* record(rejection(), 1)
    assert.strictEqual((yield* written).length, 11)
    const told = (yield* missed).reduce((sum, { count }) => sum + count, 0)
    assert.strictEqual(told + ((yield* written).at(-1)?.suppressed ?? 0), 95)
  }))

test("a flood of one reason, or of unknown names, leaves the others their place", ({ written }) =>
  Effect.gen(function*() {
    const reasons: ReadonlyArray<Reason> = ["rate_limited", "integration_disabled", "signature_missing"]
    yield* record(rejection({ integration: Option.none(), reason: "integration_unknown" }), 1_000)
    yield* Effect.forEach(reasons, (reason) => record(rejection({ reason }), 1_000))
    yield* record(rejection({ integration: integration(2), reason: "rate_limited" }), 3)
    yield* record(rejection({ reason: "timestamp_too_old" }), 1)
    const kinds = Array.groupBy(yield* written, (_) => `${_.integrationId?.slice(-1)} ${_.reason}`)
    assert.deepStrictEqual(
      Object.entries(kinds).map(([kind, { length }]) => [kind, length]),
      [
        ["undefined integration_unknown", 10],
        ["1 rate_limited", 10],
        ["1 integration_disabled", 10],
        ["1 signature_missing", 10],
        ["2 rate_limited", 3],
        ["1 timestamp_too_old", 1]
      ]
    )
  }))

test("of all integrations together 300 a minute are kept, a third of them for those of whom there is none yet", ({ written }) =>
  Effect.gen(function*() {
    for (let serial = 1; serial <= 150; serial += 1) {
      yield* record(rejection({ integration: integration(serial) }), 20)
      yield* settled
    }
    const kept = Object.values(Array.groupBy(yield* written, (_) => _.integrationId ?? ""))
    assert.deepStrictEqual(kept.map((_) => _.length), [...Array.replicate(10, 20), ...Array.replicate(1, 100)])
  }))

test("what was missed while nothing could be written is told once it can", ({ fail, missed }) =>
  Effect.gen(function*() {
    yield* settled
    yield* record(rejection(), 100)
    yield* settled
    yield* fail(true)
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(yield* missed, [])
    yield* fail(false)
    yield* TestClock.adjust("30 seconds")
    assert.deepStrictEqual((yield* missed).map((_) => _.count), [90])
  }))

test("bodies are kept where they are of use, and none beyond their bounds", ({ written }) =>
  Effect.gen(function*() {
    yield* record(rejection({ body: Buffer.alloc(262_144) }))
    yield* record(rejection({ body: Buffer.alloc(262_145) }))
    yield* record(rejection({ reason: "handshake_refused" }))
    yield* record(rejection({ reason: "integration_unknown", integration: Option.none() }))
    for (let serial = 2; serial <= 20; serial += 1) {
      yield* record(rejection({ integration: integration(serial), body: Buffer.alloc(262_144) }), 10)
      yield* settled
    }
    const kept = yield* written
    assert.deepStrictEqual(kept.slice(0, 4).map((_) => _.body?.byteLength), [262_144, undefined, undefined, undefined])
    // 16 MiB a minute.
    assert.strictEqual(kept.filter((_) => _.body !== null).length, 64)
    assert.strictEqual(kept.length, 4 + 190)
  }))

test("headers that are secrets are sealed, and of an unknown integration all but the harmless are left out", ({ written }) =>
  Effect.gen(function*() {
    yield* record(rejection())
    yield* record(rejection({ integration: Option.none(), reason: "integration_unknown" }))
    const [known, unknown] = yield* written
    assert.deepStrictEqual(JSON.parse(known?.headers ?? ""), {
      "x-webhook-token": [],
      "user-agent": ["a"],
      cookie: [],
      "x-own": ["value"]
    })
    assert.isNotNull(known?.sealedHeaders)
    assert.deepStrictEqual(JSON.parse(unknown?.headers ?? ""), {
      "x-webhook-token": [],
      "user-agent": ["a"],
      cookie: [],
      "x-own": []
    })
    assert.isNull(unknown?.sealedHeaders)
  }))

test("a header whose name sounds like a secret is sealed, also where the scheme looks for none", ({ written }) =>
  Effect.gen(function*() {
    const headers = { "x-api-key": ["hush"], "x-gitlab-token": ["hush"], "x-github-event": ["push"] }
    yield* record(rejection({ headers }))
    const [kept] = yield* written
    assert.deepStrictEqual(JSON.parse(kept?.headers ?? ""), {
      "x-api-key": [],
      "x-gitlab-token": [],
      "x-github-event": ["push"]
    })
  }))

test("what could not be written is counted with the next that is", ({ fail, written }) =>
  Effect.gen(function*() {
    yield* fail(true)
    yield* record(rejection(), 4)
    yield* settled
    yield* fail(false)
    yield* record(rejection())
    assert.deepStrictEqual((yield* written).map((_) => _.suppressed), [4])
  }))

test("the whole is trimmed after something was written, and only then", ({ trims, written }) =>
  Effect.gen(function*() {
    yield* TestClock.adjust("30 seconds")
    assert.strictEqual(yield* trims, 0)
    yield* record(rejection())
    yield* written
    yield* TestClock.adjust("60 seconds")
    assert.strictEqual(yield* trims, 1)
  }))
