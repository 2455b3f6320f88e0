import { Effect, type Option, Ref, type Scope } from "effect"
import * as Port from "../support/servers/Port.ts"
import * as PrivateFolder from "../support/servers/PrivateFolder.ts"
import * as Process from "../support/servers/Process.ts"
import type { ServerUnavailable } from "../support/servers/ServerUnavailable.ts"
import type { BadEnd } from "./Books.ts"
import type { Ground } from "./Ground.ts"
import * as Host from "./Host.ts"
import { apis, type Member, members } from "./Kinds.ts"
import type { Mutant } from "./Options.ts"

/** Two API and two worker processes. */
export interface Fleet {
  readonly folder: string
  readonly hosts: Readonly<Record<Member, Host.Host>>
  /** Where the providers send to. */
  readonly bases: ReadonlyArray<string>
  readonly badEnds: Effect.Effect<ReadonlyArray<BadEnd>>
}

/** Where everybody else calls a process. */
export const baseOf = ({ entrance }: Host.Host): string => `http://${Port.loopback}:${entrance.port}`

export const start = Effect.fn("Fleet.start")(
  function*(ground: Ground, without: Option.Option<Mutant>): Effect.fn.Return<Fleet, ServerUnavailable, Scope.Scope> {
    const folder = yield* PrivateFolder.make({
      server: "fleet",
      groups: members.map(Process.groupFile),
      farewell: "KILL"
    })
    const badEnds = yield* Ref.make<ReadonlyArray<BadEnd>>([])
    const onBadEnd = (end: BadEnd) => Ref.update(badEnds, (all) => [...all, end])
    const host = (member: Member) => Host.make({ member, folder, ground, without, onBadEnd })
    const hosts = yield* Effect.all({
      "api-1": host("api-1"),
      "api-2": host("api-2"),
      "worker-1": host("worker-1"),
      "worker-2": host("worker-2")
    })
    yield* Effect.forEach(members, (_) => hosts[_].started, { concurrency: "unbounded", discard: true })
    return {
      folder,
      hosts,
      bases: apis.map((_) => baseOf(hosts[_])),
      badEnds: Ref.get(badEnds)
    }
  }
)
