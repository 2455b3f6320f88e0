import { Context, Effect } from "effect"

/** A step of an event's way that is over. Times are milliseconds since the epoch, by the database's clock. */
export interface Span {
  readonly name: string
  readonly kind: "server" | "producer" | "consumer" | "client"
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly parentId: string | null
  readonly startedAt: number
  readonly endedAt: number
  /** Never a header, a body, or a URL beyond its host: each of them may hold secrets. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** Why it failed. */
  readonly failure: string | null
  readonly links: ReadonlyArray<Link>
}

/** Another trace that belongs to the story. */
export interface Link {
  readonly traceId: string
  readonly spanId: string
}

/** Where the steps of events' ways are told; nowhere, unless a collector is configured. */
export class Traces extends Context.Reference<Traces>()("sluice/services/ports/Traces", {
  defaultValue: (): {
    /** Never waits. The spans are only made where somebody listens. */
    readonly tell: (spans: () => ReadonlyArray<Span>) => Effect.Effect<void>
  } => ({ tell: () => Effect.void })
}) {}
