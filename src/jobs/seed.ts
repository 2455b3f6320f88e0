// @effect-diagnostics strictEffectProvide:off
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import * as Main from "../layers/Main.ts"
import * as Seed from "../layers/Seed.ts"

Main.run(Effect.provide(Seed.seed, NodeContext.layer))
