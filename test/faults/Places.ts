import { Effect } from "effect"

/** Room for so many at a time at each of some hosts. Who finds none anywhere waits in line for the next. */
export interface Places {
  /** Uses a place at the first of the hosts that has one. */
  readonly at: <A, E, R>(
    hosts: ReadonlyArray<string>,
    use: (host: string) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
}

interface Waiting {
  readonly hosts: ReadonlyArray<string>
  readonly tell: (host: string) => void
}

export const make = (each: number): Places => {
  const taken = new Map<string, number>()
  const line: Array<Waiting> = []
  const count = (host: string, change: number) => taken.set(host, (taken.get(host) ?? 0) + change)

  const take = (hosts: ReadonlyArray<string>) =>
    Effect.async<string>((resume) => {
      const open = hosts.find((host) => (taken.get(host) ?? 0) < each)
      if (open !== undefined) {
        count(open, 1)
        return resume(Effect.succeed(open))
      }
      let told: string | undefined
      const waiting = {
        hosts,
        tell: (host: string) => {
          told = host
          resume(Effect.succeed(host))
        }
      }
      line.push(waiting)
      return Effect.sync(() => {
        const index = line.indexOf(waiting)
        if (index >= 0) line.splice(index, 1)
        else if (told !== undefined) free(told)
      })
    })

  // A place passes straight to the first in line who wants it.
  const free = (host: string) => {
    const index = line.findIndex(({ hosts }) => hosts.includes(host))
    if (index < 0) count(host, -1)
    else for (const { tell } of line.splice(index, 1)) tell(host)
  }

  return {
    at: (hosts, use) =>
      Effect.acquireUseRelease(Effect.interruptible(take(hosts)), use, (host) => Effect.sync(() => free(host)))
  }
}
