import { Clock, Effect, Layer } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { ProcessWatch } from "../services/ports/ProcessWatch.ts"

const resolutionMs = 20

/** This very process. */
export const layer = Layer.scoped(
  ProcessWatch,
  Effect.gen(function*() {
    const startedAt = (yield* Clock.currentTimeMillis) / 1e3 - process.uptime()
    const delay = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const delay = monitorEventLoopDelay({ resolution: resolutionMs })
        delay.enable()
        return delay
      }),
      (delay) => Effect.sync(() => delay.disable())
    )
    // It measures the pauses between its own timers, which are this long where nothing is late.
    const lag = (nanos: number): number => delay.count === 0 ? 0 : Math.max(0, nanos / 1e9 - resolutionMs / 1e3)
    return ProcessWatch.of({
      look: Effect.sync(() => {
        const { system, user } = process.cpuUsage()
        const { heapUsed, rss } = process.memoryUsage()
        const late = { mean: lag(delay.mean), p99: lag(delay.percentile(99)), max: lag(delay.max) }
        delay.reset()
        return {
          cpuSeconds: (user + system) / 1e6,
          residentBytes: rss,
          heapUsedBytes: heapUsed,
          startedAt,
          lag: late
        }
      })
    })
  })
)
