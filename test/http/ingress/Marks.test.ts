// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as MemoryCoordination from "../../../src/layers/MemoryCoordination.ts"
import { Coordination } from "../../../src/services/ports/Coordination.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Grounds from "../../support/Grounds.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"

const nowhere = "http://127.0.0.1:9/hook"

/** Coordination that writes down what is marked. */
const overheard = (marked: Array<string>) =>
  Layer.effect(
    Coordination,
    Effect.map(Coordination, (real) =>
      Coordination.of({
        ...real,
        mark: (keys, ttl) => Effect.zipRight(Effect.sync(() => marked.push(...keys)), real.mark(keys, ttl))
      }))
  ).pipe(Layer.provide(MemoryCoordination.layer))

it.scopedLive("what is stored is marked once, time and again, and neither copies are nor what is over the limit", () => {
  const marked: Array<string> = []
  return Effect.gen(function*() {
    const { id, send } = yield* Gateway.integration("marked", nowhere, { rateLimitPerMinute: 3 })
    const sent = (dedupe: string) => Effect.map(send(dedupe), (_) => _.status)
    const key = (dedupe: string) => `seen:${id}:${dedupe}`
    assert.strictEqual(yield* sent("1"), 202)
    yield* eventually(Effect.sync(() => marked.length), (_) => _ > 0)
    assert.deepStrictEqual(yield* Effect.forEach(["1", "2", "3"], sent), [200, 202, 429])
    const other = yield* Gateway.integration("other", nowhere)
    assert.strictEqual((yield* other.send("4")).status, 202)
    yield* eventually(Effect.sync(() => marked.at(-1)), (_) => _ === `seen:${other.id}:4`)
    assert.deepStrictEqual(marked, [key("1"), key("2"), `seen:${other.id}:4`])
  }).pipe(Effect.provide(
    Gateway.api.pipe(
      Layer.provide(
        Layer.mergeAll(Grounds.twins(Grounds.settings()), TestDatabase).pipe(Layer.merge(overheard(marked)))
      )
    )
  ))
})
