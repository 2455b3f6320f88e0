// @effect-diagnostics strictEffectProvide:off
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import * as Main from "../layers/Main.ts"
import * as Reencrypting from "../layers/Reencrypting.ts"

Main.runLook(Effect.provide(Reencrypting.reencrypt, NodeContext.layer))
