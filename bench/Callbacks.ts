import { Effect, type Scope } from "effect"
import * as Assistant from "../test/support/Assistant.ts"
import { program } from "./Program.ts"
import type { Behaviour, Page, Said, Told } from "./sink/Sink.ts"

/** Whom the gateways call: one server, in a process of its own, that writes down every call. */
export interface Callbacks {
  readonly pid: number
  readonly urlOf: (destination: string) => string
  readonly behave: (behaviour: Partial<Behaviour>) => Effect.Effect<void>
  readonly count: Effect.Effect<{ readonly delivered: number; readonly calls: number }>
  readonly pages: Effect.Effect<ReadonlyArray<Page>>
  readonly forget: Effect.Effect<void>
}

const healthy: Behaviour = { delayMs: 0, status: 500, failing: 0 }

export const start: Effect.Effect<Callbacks, never, Scope.Scope> = Effect.gen(function*() {
  const { ask, next, pid } = yield* Assistant.start<Told, Said>(program("sink/process.js"))
  const listening = yield* next
  const port = listening.say === "listening" ? listening.port : 0
  return {
    pid,
    urlOf: (destination) => `http://127.0.0.1:${port}/${destination}`,
    behave: (behaviour) => Effect.asVoid(ask({ tell: "behave", behaviour: { ...healthy, ...behaviour } })),
    count: Effect.map(ask({ tell: "count" }), (said) => said.say === "counted" ? said : { delivered: 0, calls: 0 }),
    pages: Effect.map(ask({ tell: "collect" }), (said) => said.say === "pages" ? said.pages : []),
    forget: Effect.asVoid(ask({ tell: "forget" }))
  }
})
