import { Duration, Effect, Layer, Redacted } from "effect"
import { Redis } from "ioredis"
import * as Worker from "../../../src/layers/Worker.ts"
import { Coordination, CoordinationError } from "../../../src/services/ports/Coordination.ts"
import { launch, workerOf } from "./Launch.ts"

const unlockScript = "return redis.call('DEL', KEYS[1])"
const renewScript = "return redis.call('PEXPIRE', KEYS[1], ARGV[2])"

const careless = (url: Redacted.Redacted) =>
  Layer.scoped(
    Coordination,
    Effect.gen(function*() {
      const coordination = yield* Coordination
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new Redis(Redacted.value(url)).on("error", () => undefined)),
        (client) => Effect.sync(() => client.disconnect())
      )
      const run = (script: string, key: string, ...args: ReadonlyArray<string | number>) =>
        Effect.tryPromise({
          try: () => client.eval(script, 1, `sluice:${key}`, ...args),
          catch: (cause) => new CoordinationError({ reason: "Failed", cause })
        })
      return Coordination.of({
        ...coordination,
        unlock: (key, token) => Effect.asVoid(run(unlockScript, key, token)),
        renew: (key, token, ttl) => Effect.map(run(renewScript, key, token, Duration.toMillis(ttl)), (_) => _ === 1)
      })
    })
  )

/** A lock is released and extended whoever holds it. */
launch(workerOf(({ redisUrl }) => Layer.provide(Worker.programs, careless(redisUrl))))
