import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, FiberHandle } from "effect"
import * as Helper from "./Helper.ts"
import * as Load from "./Load.ts"
import type { Said, Told } from "./Providers.ts"

const [seed = "", ...bases] = process.argv.slice(2)
const done: Said = { say: "done" }

// Whoever asked would take what is missing for the gateway's doing.
const orEnd = <A, E, R>(sending: Effect.Effect<A, E, R>) =>
  Effect.catchAllDefect(
    sending,
    (defect) => Effect.zipRight(Console.error(defect), Effect.sync((): void => process.exit(1)))
  )

const program = Effect.gen(function*() {
  const load = yield* Load.start({ bases, seed })
  const scope = yield* Effect.scope
  const sending = yield* FiberHandle.make()
  return yield* Helper.serve<Told, Said>(done, (told) => {
    switch (told.tell) {
      case "steady":
        return Effect.as(FiberHandle.run(sending, orEnd(load.steady(told.rate))), done)
      case "stop":
        return Effect.as(FiberHandle.clear(sending), done)
      case "burst":
        return Effect.as(Effect.forkIn(orEnd(load.burst(told.count)), scope), done)
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
