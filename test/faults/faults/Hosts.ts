import { Effect, Option, Random } from "effect"
import type { Host } from "../Host.ts"
import { members } from "../Kinds.ts"
import type { World } from "../World.ts"
import { type Fault, FaultFailed } from "./Fault.ts"

const hostOf = (world: World, target: string): Effect.Effect<Host, FaultFailed> =>
  Option.match(Option.fromNullable(members.find((_) => _ === target)), {
    onNone: () => new FaultFailed({ message: `there is no process ${target}` }),
    onSome: (member) => Effect.succeed(world.fleet.hosts[member])
  })

/** `kill -9`. */
export const kill: Fault = (world, target) => Effect.flatMap(hostOf(world, target), (_) => _.kill)

/** SIGTERM, and whatever time it takes. */
export const terminate: Fault = (world, target) => Effect.flatMap(hostOf(world, target), (_) => _.terminate)

/** SIGSTOP, then SIGCONT. */
export const freeze: Fault = (world, target) =>
  Effect.flatMap(hostOf(world, target), (host) => Effect.acquireRelease(host.freeze, () => host.thaw))

/** The clock jumps by so much to either side, and back. */
export const clock = (unitMillis: number): Fault => (world, target) =>
  Effect.flatMap(hostOf(world, target), (host) =>
    Effect.acquireRelease(
      Effect.flatMap(Random.nextRange(-units, units), (many) => host.shiftClock(Math.round(many * unitMillis))),
      () => host.shiftClock(0)
    ))

const units = 20
