import { NodeRuntime } from "@effect/platform-node"
import { Effect, FiberHandle } from "effect"
import * as Helper from "./Helper.ts"
import * as Load from "./Load.ts"
import type { Said, Told } from "./Providers.ts"

const [seed = "", ...bases] = process.argv.slice(2)
const done: Said = { say: "done" }

const program = Effect.gen(function*() {
  const load = yield* Load.start({ bases, seed })
  const scope = yield* Effect.scope
  const sending = yield* FiberHandle.make()
  return yield* Helper.serve<Told, Said>(done, (told) => {
    switch (told.tell) {
      case "steady":
        return Effect.as(FiberHandle.run(sending, load.steady(told.rate)), done)
      case "stop":
        return Effect.as(FiberHandle.clear(sending), done)
      case "burst":
        return Effect.as(Effect.forkIn(load.burst(told.count), scope), done)
      case "count":
        return Effect.map(
          Effect.all({ pending: load.pending, offered: load.offered, skipped: load.skipped }),
          (counts) => ({ say: "counts", counts })
        )
      case "collect":
        return Effect.succeed({ say: "webhooks", webhooks: load.webhooks })
    }
  })
}).pipe(Effect.scoped)

NodeRuntime.runMain(program)
