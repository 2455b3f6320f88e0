/** What the load generator is to send, all of it signed before the clock starts. */
export interface Volley {
  readonly ports: ReadonlyArray<number>
  readonly path: string
  readonly secret: string
  /** Names the webhooks; no other volley of a run has it. */
  readonly batch: string
  /** So many requests at most. */
  readonly count: number
  readonly bodyBytes: number
  readonly connections: number
  /** Signed by another secret. */
  readonly forged: boolean
  /** Every second request is a copy of one that was sent some time before. */
  readonly copies: boolean
  /** Requests begin at this rate whatever comes back; null: each connection sends its next once it has its answer. */
  readonly perSecond: number | null
  /** Nothing is begun after so long; null: only when all are sent. */
  readonly seconds: number | null
}

/** What came of it, by the place of a request. Times are milliseconds of the host's monotonic clock. */
export interface Report {
  /** Which webhook of the batch it carried. */
  readonly numbers: Uint32Array
  /** When it was to be sent. */
  readonly sentAt: Float64Array
  /** Zero where nothing came. */
  readonly answeredAt: Float64Array
  /** Zero where nothing came, `unsent` where it was not begun. */
  readonly statuses: Uint16Array
  readonly startedAt: number
  readonly endedAt: number
  /** How many milliseconds late, at most, the generator itself sent one for which a connection was free. */
  readonly lateness: number
}

export const unsent = 1

export type Told =
  | { readonly tell: "load"; readonly volley: Volley }
  | { readonly tell: "fire" }

export type Said =
  | { readonly say: "ready" }
  | { readonly say: "report"; readonly report: Report }
