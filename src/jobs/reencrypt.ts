// @effect-diagnostics strictEffectProvide:off
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect } from "effect"
import * as Main from "../layers/Main.ts"
import * as Reencrypting from "../layers/Reencrypting.ts"

Main.runLook(Effect.provide(Reencrypting.reencrypt, NodeContext.layer))
