// @effect-diagnostics strictEffectProvide:off
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect } from "effect"
import * as Main from "../layers/Main.ts"
import * as Simulate from "../simulate/Simulate.ts"

Main.runLook(Effect.provide(Simulate.simulate(process.argv.slice(2)), NodeHttpClient.layerUndici))
