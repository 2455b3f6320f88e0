// @effect-diagnostics strictEffectProvide:off
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect } from "effect"
import * as Database from "../layers/Database.ts"
import * as Main from "../layers/Main.ts"

Main.run(Effect.provide(Database.migrate, NodeContext.layer))
