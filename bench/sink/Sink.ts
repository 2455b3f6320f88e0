/** How the callbacks answer. */
export interface Behaviour {
  readonly delayMs: number
  /** The status of a refusal. */
  readonly status: number
  /** The share of webhooks, from 0 to 1, whose first call is refused. */
  readonly failing: number
}

/** The calls of one batch at one destination, by the numbers of its webhooks. */
export interface Page {
  readonly destination: string
  readonly batch: string
  /** Calls that were answered with success. */
  readonly successes: Uint16Array
  readonly refusals: Uint16Array
  /** Calls whose body was not that webhook's, from its first byte to its last. */
  readonly spoiled: number
  /** When the first that was answered with success came, in milliseconds of the monotonic clock. */
  readonly at: Float64Array
}

export type Told =
  | { readonly tell: "behave"; readonly behaviour: Behaviour }
  | { readonly tell: "count" }
  | { readonly tell: "collect" }
  | { readonly tell: "forget" }

export type Said =
  | { readonly say: "listening"; readonly port: number }
  | { readonly say: "done" }
  /** How many different deliveries were answered with success, and how many calls that were. */
  | { readonly say: "counted"; readonly delivered: number; readonly calls: number }
  | { readonly say: "pages"; readonly pages: ReadonlyArray<Page> }
