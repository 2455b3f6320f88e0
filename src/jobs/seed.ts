// @effect-diagnostics strictEffectProvide:off
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect } from "effect"
import * as Main from "../layers/Main.ts"
import * as Seed from "../layers/Seed.ts"

Main.run(Effect.provide(Seed.seed, NodeContext.layer))
