import { assert, layer } from "@effect/vitest"
import { Array, Effect, Layer, Option } from "effect"
import { Directory } from "../../src/services/Directory.ts"
import { Settings } from "../../src/services/Settings.ts"
import { Vault } from "../../src/services/Vault.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Heap from "../support/Heap.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const ground = Directory.layer.pipe(
  Layer.provide(Vault.layer),
  Layer.provide(Layer.merge(Layer.succeed(Settings, Grounds.settings()), TestDatabase))
)

layer(ground, { excludeTestServices: true, timeout: "30 seconds" })("the directory", (it) => {
  it.effect("keeps of the names that it does not know nothing but the names", () =>
    Effect.gen(function*() {
      const directory = yield* Directory
      const nobody = (index: number) => {
        const url = `nobody-goes-by-the-name-of-${index}?${"x".repeat(200_000)}`
        return directory.find(url.slice(0, url.indexOf("?")))
      }
      yield* nobody(0)
      const before = yield* Heap.used
      const found = yield* Effect.forEach(Array.range(1, 300), nobody)
      assert.isTrue(found.every(Option.isNone))
      // The names' URLs are 60 MB.
      assert.isBelow((yield* Heap.used) - before, 10_000_000)
    }))
})
