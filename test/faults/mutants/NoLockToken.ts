import { Duration, Effect, Layer, Redacted } from "effect"
import { Redis } from "ioredis"
import * as Worker from "../../../src/layers/Worker.ts"
import { Coordination, CoordinationError, type Lock } from "../../../src/services/ports/Coordination.ts"
import { launch, workerOf } from "./Launch.ts"

const unlockScript = "for _, key in ipairs(KEYS) do redis.call('DEL', key) end"
const renewScript = "for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end"

const careless = (url: Redacted.Redacted) =>
  Layer.scoped(
    Coordination,
    Effect.gen(function*() {
      const coordination = yield* Coordination
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new Redis(Redacted.value(url)).on("error", () => undefined)),
        (client) => Effect.sync(() => client.disconnect())
      )
      const run = (script: string, locks: ReadonlyArray<Lock>, ...args: ReadonlyArray<string | number>) =>
        Effect.tryPromise({
          try: () => client.eval(script, locks.length, ...locks.map(({ key }) => `sluice:${key}`), ...args),
          catch: (cause) => new CoordinationError({ reason: "Failed", cause })
        })
      return Coordination.of({
        ...coordination,
        unlock: (locks) => Effect.asVoid(run(unlockScript, locks)),
        renew: (locks, ttl) => Effect.as(run(renewScript, locks, Duration.toMillis(ttl)), locks.map(() => true))
      })
    })
  )

/** A lock is released and extended whoever holds it. */
launch(workerOf(({ redisUrl }) => Layer.provide(Worker.programs, careless(redisUrl))))
