import { Cause, Clock, Console, Duration, Effect, Exit } from "effect"
import type { Incident } from "./Books.ts"
import * as Brokers from "./faults/Brokers.ts"
import { misbehave } from "./faults/CallbackFaults.ts"
import type { Fault } from "./faults/Fault.ts"
import * as Hosts from "./faults/Hosts.ts"
import * as Lines from "./faults/Lines.ts"
import * as Postgres from "./faults/Postgres.ts"
import type { Kind } from "./Kinds.ts"
import type { Trouble } from "./Plan.ts"
import type { World } from "./World.ts"

const minute = 60_000
const hour = 60 * minute

const catalogue: Readonly<Record<Kind, Fault>> = {
  "kill": Hosts.kill,
  "terminate": Hosts.terminate,
  "freeze": Hosts.freeze,
  "clock-minutes": Hosts.clock(minute),
  "clock-hours": Hosts.clock(hour),
  "redis-restart": Brokers.redis,
  "rabbitmq-kill": Brokers.kill,
  "rabbitmq-purge": Brokers.purge,
  "rabbitmq-delete": Brokers.remove,
  "rabbitmq-forget": Brokers.forget,
  "rabbitmq-alarm": Brokers.raiseAlarm,
  "rabbitmq-copies": Brokers.copies,
  "postgres-kill": Postgres.kill,
  "postgres-terminate": Postgres.terminate,
  "postgres-connections": Postgres.connections,
  "postgres-disk": Postgres.disk,
  "line-refuse": Lines.refuse,
  "line-hole": Lines.hole,
  "line-slow": Lines.slow,
  "line-break": Lines.broken,
  "callback-slow": misbehave("slow"),
  "callback-hang": misbehave("hang"),
  "callback-reset": misbehave("reset"),
  "callback-garbage": misbehave("garbage"),
  "callback-endless": misbehave("endless"),
  "callback-huge": misbehave("huge"),
  "callback-bomb": misbehave("bomb"),
  "callback-late": misbehave("late"),
  "callback-busy": misbehave("busy")
}

/** Lets a trouble happen from its beginning to its undoing, and tells how it really was. */
export const inflict = Effect.fn("Faults.inflict")(function*(world: World, { kind, seconds, target }: Trouble) {
  const from = yield* Clock.currentTimeMillis
  yield* Console.log(`    ${kind} ${target}${seconds === 0 ? "" : ` for ${seconds} s`}`)
  const exit = yield* Effect.exit(Effect.scoped(
    Effect.zipRight(catalogue[kind](world, target, seconds), Effect.sleep(Duration.seconds(seconds)))
  ))
  const failure = Exit.isFailure(exit) ? Cause.pretty(exit.cause).split("\n", 1)[0] ?? "" : null
  if (failure !== null) yield* Console.log(`    ${kind} ${target} could not be done: ${failure}`)
  return { kind, target, from, until: yield* Clock.currentTimeMillis, failure } satisfies Incident
})
