import { Effect, Option, Random } from "effect"
import type { Host } from "../Host.ts"
import { members } from "../Kinds.ts"
import type { World } from "../World.ts"
import { type Fault, FaultFailed } from "./Fault.ts"
import * as Stack from "./Stack.ts"

const hostOf = (world: World, target: string): Effect.Effect<Host, FaultFailed> =>
  Option.match(Option.fromNullable(members.find((_) => _ === target)), {
    onNone: () => new FaultFailed({ message: `there is no process ${target}` }),
    onSome: (member) => Effect.succeed(world.fleet.hosts[member])
  })

/** `kill -9`. */
export const kill: Fault = (world, target) => Effect.flatMap(hostOf(world, target), (_) => _.kill)

/** SIGTERM, and whatever time it takes. */
export const terminate: Fault = (world, target) => Effect.flatMap(hostOf(world, target), (_) => _.terminate)

const frozen = Stack.make(false)

/** SIGSTOP, then SIGCONT. */
export const freeze: Fault = (world, target) =>
  Effect.flatMap(hostOf(world, target), (host) => frozen(host, true, (to) => to ? host.freeze : host.thaw))

const ahead = Stack.make(0)

/** The clock jumps by so much to either side, and back. */
export const clock = (unitMillis: number): Fault => (world, target) =>
  Effect.gen(function*() {
    const host = yield* hostOf(world, target)
    const many = yield* Random.nextRange(-units, units)
    yield* ahead(host, Math.round(many * unitMillis), host.shiftClock)
  })

const units = 20
