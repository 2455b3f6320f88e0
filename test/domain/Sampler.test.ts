import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Option } from "effect"
import * as Sampler from "../../src/domain/Sampler.ts"

const bounds: Sampler.Bounds = { perKind: 3, inAll: 8, firsts: 2, bytesPerKind: 500, bytes: 1_000 }

interface Step {
  readonly kind: string
  readonly bytes: number
  readonly gapMs: number
  readonly next: string
}

const step: FastCheck.Arbitrary<Step> = FastCheck.record({
  kind: FastCheck.constantFrom("a", "b", "c", "d"),
  bytes: FastCheck.integer({ min: 0, max: 400 }),
  gapMs: FastCheck.oneof(FastCheck.constant(0), FastCheck.integer({ min: 0, max: 40_000 })),
  next: FastCheck.constantFrom("nothing", "nothing", "look", "look in vain", "lose")
})

/** Everything that came, with what became of it. */
const sampled = (steps: ReadonlyArray<Step>) => {
  const sampler = Sampler.make(bounds)
  const told = new Map<string, number>()
  const tell = (id: string, count: number) => told.set(id, (told.get(id) ?? 0) + count)
  let now = 1_000_000
  const kept = steps.flatMap(({ bytes, gapMs, kind, next }, index) => {
    now += gapMs
    const id = `${kind}${index}`
    const taken = Option.getOrNull(sampler.take(kind, () => id, bytes, now))
    if (next === "look in vain") sampler.untold(sampler.missed(now))
    if (next === "look") { for (const { after, count } of sampler.missed(now)) tell(after, count) }
    if (taken === null) return []
    if (next === "lose") {
      sampler.lose(kind, id, taken.missed)
      return []
    }
    tell(id, taken.missed)
    return [{ id, kind, minute: Math.floor(now / 60_000), bytes: taken.withContent ? bytes : 0 }]
  })
  return { sampler, now, told, kept }
}

const countsBy = <A>(items: ReadonlyArray<A>, key: (item: A) => string, weight: (item: A) => number) => {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + weight(item))
  return [...counts.values()]
}

describe("a sample", () => {
  it.effect.prop(
    "of a minute has no more of a kind, in all, and of content than it may",
    [FastCheck.array(step)],
    ([steps]) =>
      Effect.sync(() => {
        const { kept } = sampled(steps)
        for (const count of countsBy(kept, (_) => `${_.kind} ${_.minute}`, () => 1)) {
          assert.isAtMost(count, bounds.perKind)
        }
        for (
          const count of countsBy(kept, (_) => `${_.minute}`, () => 1)
        ) assert.isAtMost(count, bounds.inAll)
        for (const bytes of countsBy(kept, (_) => `${_.kind} ${_.minute}`, (_) => _.bytes)) {
          assert.isAtMost(bytes, bounds.bytesPerKind)
        }
        for (const bytes of countsBy(kept, (_) => `${_.minute}`, (_) => _.bytes)) assert.isAtMost(bytes, bounds.bytes)
      })
  )

  it.effect.prop(
    "and what it tells of together are all that came, each once",
    [FastCheck.array(step)],
    ([steps]) =>
      Effect.sync(() => {
        const { kept, now, sampler, told } = sampled(steps)
        // One more of each kind, in a minute of its own, tells of what nobody could be told by.
        const last = ["a", "b", "c", "d"].map((kind) => sampler.take(kind, () => "last", 0, now + 120_000))
        const waiting = last.reduce((sum, taken) => sum + (Option.isSome(taken) ? taken.value.missed : 0), 0)
        const missed = [...told.values()].reduce((sum, count) => sum + count, 0)
        assert.strictEqual(kept.length + missed + waiting, steps.length)
      })
  )

  it.effect.prop(
    "has room for a kind whatever another one does, as long as there is any",
    [FastCheck.integer({ min: 0, max: 1_000 })],
    ([flood]) =>
      Effect.sync(() => {
        const sampler = Sampler.make(bounds)
        for (let index = 0; index < flood; index += 1) sampler.take("flood", () => `flood${index}`, 0, 0)
        const others = ["x", "x", "y", "z"].map((kind, index) => sampler.take(kind, () => `${index}`, 0, 1_000))
        assert.isTrue(others.every(Option.isSome))
      })
  )

  it.effect("keeps one of a kind although a few others are many", () =>
    Effect.sync(() => {
      const sampler = Sampler.make(bounds)
      for (const kind of ["a", "b", "c"]) {
        for (let index = 0; index < 100; index += 1) sampler.take(kind, () => `${kind}${index}`, 0, 0)
      }
      assert.isTrue(Option.isSome(sampler.take("d", () => "d0", 0, 0)))
      assert.isTrue(Option.isNone(sampler.take("d", () => "d1", 0, 0)))
    }))
})
