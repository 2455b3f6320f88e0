import { Context, type Effect } from "effect"

/** What the process itself costs and suffers. */
export interface ProcessState {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly heapUsedBytes: number
  /** Seconds since the epoch. */
  readonly startedAt: number
  /** How late the event loop was since the last look, in seconds. */
  readonly lag: { readonly mean: number; readonly p99: number; readonly max: number }
}

/** A look at this process. */
export class ProcessWatch extends Context.Tag("sluice/services/ports/ProcessWatch")<ProcessWatch, {
  readonly look: Effect.Effect<ProcessState>
}>() {}
