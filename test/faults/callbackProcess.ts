import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import type { Said, Told } from "./Callbacks.ts"
import * as CallbackServers from "./CallbackServers.ts"
import * as Helper from "./Helper.ts"

const program = Effect.gen(function*() {
  const servers = yield* Effect.promise(() => CallbackServers.listen(process.argv[2] ?? ""))
  return yield* Helper.serve<Told, Said>({ say: "listening", ports: servers.ports }, (told) =>
    Effect.sync(() => {
      if (told.tell === "collect") return { say: "calls", calls: servers.calls() }
      servers.behave(told.destination, told.character)
      return { say: "done" }
    }))
})

NodeRuntime.runMain(program)
