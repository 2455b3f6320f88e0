import { Effect, Schedule, type Scope } from "effect"
import type { Webhook } from "./Books.ts"
import * as Helper from "./Helper.ts"

/** The load of a run, in a process of its own: what the gateway is slow at is then not the harness's slowness. */
export interface Providers {
  /** Every webhook so far, and each answer to it. */
  readonly webhooks: Effect.Effect<ReadonlyArray<Webhook>>
  /** As `Load` has them. */
  readonly counts: Effect.Effect<Counts>
  /** Sends at a rate a second, until interrupted. */
  readonly steady: (rate: number) => Effect.Effect<never>
  /** Sends so many, each once, as fast as they are accepted, and waits until they are. */
  readonly burst: (count: number) => Effect.Effect<void>
}

export interface Counts {
  readonly pending: number
  readonly offered: number
  readonly skipped: number
}

/** What the process is told. */
export type Told =
  | { readonly tell: "steady"; readonly rate: number }
  | { readonly tell: "stop" }
  | { readonly tell: "burst"; readonly count: number }
  | { readonly tell: "count" }
  | { readonly tell: "collect" }

/** What it says. */
export type Said =
  | { readonly say: "done" }
  | { readonly say: "counts"; readonly counts: Counts }
  | { readonly say: "webhooks"; readonly webhooks: ReadonlyArray<Webhook> }

/** The same seed gives the same webhooks. */
export const start = Effect.fnUntraced(function*(
  bases: ReadonlyArray<string>,
  seed: string
): Effect.fn.Return<Providers, never, Scope.Scope> {
  const { ask, next } = yield* Helper.start<Told, Said>("loadProcess.ts", [seed, ...bases])
  yield* next
  return make(ask)
})

/** The same, by whoever is told and says what the process would. */
export const make = (ask: (told: Told) => Effect.Effect<Said>): Providers => {
  const counts = Effect.map(
    ask({ tell: "count" }),
    (said) => said.say === "counts" ? said.counts : { pending: 0, offered: 0, skipped: 0 }
  )
  return {
    counts,
    webhooks: Effect.map(ask({ tell: "collect" }), (said) => said.say === "webhooks" ? said.webhooks : []),
    steady: (rate) =>
      ask({ tell: "steady", rate }).pipe(Effect.zipRight(Effect.never), Effect.ensuring(ask({ tell: "stop" }))),
    burst: (count) =>
      Effect.zipRight(
        ask({ tell: "burst", count }),
        Effect.repeat(counts, { until: ({ pending }) => pending === 0, schedule: Schedule.spaced("200 millis") })
      )
  }
}
