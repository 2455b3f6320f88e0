// @effect-diagnostics strictEffectProvide:off
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect } from "effect"
import * as Examination from "../layers/Examination.ts"
import * as Main from "../layers/Main.ts"

Main.runLook(Effect.provide(Examination.doctor(process.argv.slice(2)), NodeContext.layer))
