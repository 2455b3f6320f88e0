import { Effect, Option, Random } from "effect"
import type { Proxy } from "../../support/Proxy.ts"
import { members, servers } from "../Kinds.ts"
import type { World } from "../World.ts"
import { type Fault, FaultFailed } from "./Fault.ts"
import * as Stack from "./Stack.ts"

const lineOf = (world: World, target: string): Effect.Effect<Proxy, FaultFailed> => {
  const [from, to] = target.split(">")
  const host = Option.map(Option.fromNullable(members.find((_) => _ === from || _ === to)), (_) => world.fleet.hosts[_])
  const server = servers.find((_) => _ === to)
  return Option.match(host, {
    onNone: () => new FaultFailed({ message: `there is no line ${target}` }),
    onSome: ({ entrance, lines }) => Effect.succeed(server === undefined ? entrance : lines[server])
  })
}

/** How a line is hurt, and how that ends. */
interface Hurt {
  readonly begin: (proxy: Proxy) => Effect.Effect<void>
  readonly end: (proxy: Proxy) => Effect.Effect<void>
}

const hurts = Stack.make<Hurt>({ begin: () => Effect.void, end: () => Effect.void })

const lasting = (hurt: Effect.Effect<Hurt>): Fault => (world, target) =>
  Effect.gen(function*() {
    const proxy = yield* lineOf(world, target)
    yield* hurts(proxy, yield* hurt, (to, from) => Effect.zipRight(from.end(proxy), to.begin(proxy)))
  })

const heal = (proxy: Proxy) => proxy.heal

/** Nobody gets in, and who is in is thrown out. Half of them find nobody who listens. */
export const refuse = lasting(Effect.map(
  Random.nextBoolean,
  (closes): Hurt => ({ begin: (proxy) => closes ? proxy.close : proxy.refuse, end: heal })
))

/** Nothing comes through and nobody is told. In the end it all comes through after all, or half of them never. */
export const hole = lasting(Effect.map(
  Random.nextBoolean,
  (heals): Hurt => ({
    begin: (proxy) => Effect.zipRight(proxy.hold, proxy.lose),
    end: (proxy) => heals ? proxy.heal : proxy.release
  })
))

export const slow = lasting(Effect.map(
  Random.nextIntBetween(100, 500),
  (delayMs): Hurt => ({ begin: (proxy) => proxy.slow(delayMs), end: heal })
))

/** Connections break in the middle of what the server says, again and again. */
export const broken = lasting(Effect.map(
  Random.nextIntBetween(50, 20_000),
  (bytes): Hurt => ({ begin: (proxy) => proxy.breakAfter(bytes), end: heal })
))
