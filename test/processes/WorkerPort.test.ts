import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Program from "../support/Program.ts"
import * as Prometheus from "../support/Prometheus.ts"
import * as Roles from "../support/Roles.ts"
import * as Port from "../support/servers/Port.ts"

describe.runIf(Grounds.realServers)("a worker's port", () => {
  it.scopedLive(
    "serves health and metrics, and a second worker on it is told to take another",
    () =>
      Effect.gen(function*() {
        const port = yield* Port.free
        const { env } = yield* Roles.make({ WORKER_PORT: String(port), LOG_LEVEL: "warn" })
        const base = `http://127.0.0.1:${port}`
        const ready = Effect.promise(() => fetch(`${base}/health/ready`).then((_) => _.ok, () => false))
        const worker = yield* Program.make({ entry: "worker/worker.js", env, ready })
        yield* worker.start
        // What the queues are asked is known for some seconds, and the worker begins to consume just now.
        const families = yield* eventually(
          Effect.map(Gateway.at(base).call("/metrics"), ({ text }) => Prometheus.read(text)),
          (_) => Prometheus.value(_, "sluice_queue_consumers", { kind: "process" }) === 1
        )
        for (const server of ["postgres", "redis", "rabbitmq"]) {
          assert.strictEqual(Prometheus.value(families, "sluice_up", { server }), 1)
        }

        const second = yield* Program.make({ entry: "worker/worker.js", env, ready: Effect.succeed(false) })
        yield* Effect.flip(Effect.sandbox(second.start))
        assert.strictEqual(yield* second.exit, 1)
        assert.strictEqual(
          (yield* second.output).trim(),
          `The port ${port} is taken by another program: stop that one, or choose another port with WORKER_PORT.`
        )

        yield* worker.signal("SIGTERM")
        assert.strictEqual(yield* worker.exit, 0)
      }),
    { timeout: 60_000 }
  )
})
