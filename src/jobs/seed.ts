// @effect-diagnostics strictEffectProvide:off
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import * as Database from "../layers/Database.ts"
import * as Main from "../layers/Main.ts"

Main.run(Effect.provide(Database.seed, NodeContext.layer))
