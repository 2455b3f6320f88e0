import { Effect, type Scope } from "effect"
import type { Call } from "./Books.ts"
import type { Name } from "./Characters.ts"
import * as Helper from "./Helper.ts"
import type { Destination } from "./Kinds.ts"

/** The callbacks of a run, in a process of their own, so that they answer in time whatever else the harness does. */
export interface Callbacks {
  readonly urlOf: (destination: Destination) => string
  /** How a destination behaves from now on. */
  readonly behave: (destination: string, character: Name) => Effect.Effect<void>
  /** Every request so far, and what was answered. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
}

/** What the process is told. */
export type Told =
  | { readonly tell: "behave"; readonly destination: string; readonly character: Name }
  | { readonly tell: "collect" }

/** What it says: where it listens, and then one thing for each that it is told, in order. */
export type Said =
  | { readonly say: "listening"; readonly ports: Readonly<Record<string, number>> }
  | { readonly say: "done" }
  | { readonly say: "calls"; readonly calls: ReadonlyArray<Call> }

/** The same seed gives the callbacks the same whims. */
export const start = Effect.fnUntraced(function*(seed: string): Effect.fn.Return<Callbacks, never, Scope.Scope> {
  const { ask, next } = yield* Helper.start<Told, Said>("callbackProcess.ts", [seed])
  const listening = yield* next
  const ports = listening.say === "listening" ? listening.ports : {}
  return {
    urlOf: (destination) => `http://127.0.0.1:${ports[destination]}/${destination}`,
    behave: (destination, character) => Effect.asVoid(ask({ tell: "behave", destination, character })),
    calls: Effect.map(ask({ tell: "collect" }), (said) => said.say === "calls" ? said.calls : [])
  }
})
