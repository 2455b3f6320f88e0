/** A request as a sink keeps it. */
export interface Kept {
  readonly receivedAt: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly answered: number
}

/** What the sinks were sent lately. */
export interface SinkMemory {
  /** Counts a call of a delivery at a sink; the how-manieth it is. */
  readonly count: (name: string, delivery: string) => number
  readonly keep: (name: string, request: Kept) => void
  /** Newest first. */
  readonly kept: (name: string) => ReadonlyArray<Kept>
}

interface Sink {
  readonly requests: Array<Kept>
  readonly calls: Map<string, number>
}

interface Bounds {
  readonly names: number
  /** Of each sink. */
  readonly requests: number
  /** Of each sink. */
  readonly deliveries: number
  /** All bodies together; the newest is kept whatever its size. */
  readonly bytes: number
}

const usual: Bounds = { names: 50, requests: 20, deliveries: 10_000, bytes: 33_554_432 }
const maxIdLength = 100

/** Anybody may call a sink, so what it keeps is bounded; the sink that was used longest ago is forgotten first. */
export const make = (bounds = usual): SinkMemory => {
  const sinks = new Map<string, Sink>()
  let bytes = 0

  const forgetOldest = ({ requests }: Sink) => {
    bytes -= requests.shift()?.body.byteLength ?? 0
  }
  const forget = (name: string, sink: Sink) => {
    while (sink.requests.length > 0) forgetOldest(sink)
    sinks.delete(name)
  }
  const used = (name: string): Sink => {
    const sink = sinks.get(name) ?? { requests: [], calls: new Map() }
    // The map's order is that of use.
    sinks.delete(name)
    sinks.set(name, sink)
    for (const [name, sink] of sinks) if (sinks.size > bounds.names) forget(name, sink)
    return sink
  }

  return {
    count: (name, delivery) => {
      const { calls } = used(name)
      const id = delivery.slice(0, maxIdLength)
      const count = (calls.get(id) ?? 0) + 1
      if (calls.size >= bounds.deliveries) calls.clear()
      calls.set(id, count)
      return count
    },
    keep: (name, request) => {
      const newest = used(name)
      newest.requests.push(request)
      bytes += request.body.byteLength
      if (newest.requests.length > bounds.requests) forgetOldest(newest)
      for (const sink of sinks.values()) {
        while (bytes > bounds.bytes && sink.requests.length > (sink === newest ? 1 : 0)) forgetOldest(sink)
      }
    },
    kept: (name) => sinks.get(name)?.requests.toReversed() ?? []
  }
}
