import { Effect, Option, Random } from "effect"
import type { Proxy } from "../../support/Proxy.ts"
import { members, servers } from "../Kinds.ts"
import type { World } from "../World.ts"
import { type Fault, FaultFailed } from "./Fault.ts"

const lineOf = (world: World, target: string): Effect.Effect<Proxy, FaultFailed> => {
  const [from, to] = target.split(">")
  const host = Option.map(Option.fromNullable(members.find((_) => _ === from || _ === to)), (_) => world.fleet.hosts[_])
  const server = servers.find((_) => _ === to)
  return Option.match(host, {
    onNone: () => new FaultFailed({ message: `there is no line ${target}` }),
    onSome: ({ entrance, lines }) => Effect.succeed(server === undefined ? entrance : lines[server])
  })
}

const lasting = (begin: (proxy: Proxy) => Effect.Effect<void>): Fault => (world, target) =>
  Effect.flatMap(lineOf(world, target), (proxy) => Effect.acquireRelease(begin(proxy), () => proxy.heal))

/** Nobody gets in, and who is in is thrown out. */
export const refuse = lasting((proxy) => proxy.refuse)

/** Nothing comes through and nobody is told; in the end it all comes through after all. */
export const hole = lasting((proxy) => Effect.zipRight(proxy.hold, proxy.lose))

export const slow = lasting((proxy) => Effect.flatMap(Random.nextIntBetween(100, 500), proxy.slow))

/** Connections break in the middle of what the server says, again and again. */
export const broken = lasting((proxy) => Effect.flatMap(Random.nextIntBetween(50, 20_000), proxy.breakAfter))
