import { Option } from "effect"
import { readdirSync, readFileSync } from "node:fs"

/** What Linux says of a process and those that it started. One that is ending says nothing. */
export interface Family {
  /** Of all that are or were in it. */
  readonly cpuSeconds: number
  /** Resident memory without what is shared; of those that it started, only what is their own. */
  readonly megabytes: number
}

const ticksPerSecond = 100

export const familyOf = (pid: number): Family =>
  [alone(pid, megabytesOf), ...descendantsOf(pid).map((child) => alone(child, ownMegabytesOf))].reduce(
    (sum, one) => ({ cpuSeconds: sum.cpuSeconds + one.cpuSeconds, megabytes: sum.megabytes + one.megabytes }),
    { cpuSeconds: 0, megabytes: 0 }
  )

const alone = (pid: number, memoryOf: (status: string) => number): Family => ({
  cpuSeconds: Option.match(read(`/proc/${pid}/stat`), { onNone: () => 0, onSome: cpuSecondsOf }),
  megabytes: Option.match(read(`/proc/${pid}/status`), { onNone: () => 0, onSome: memoryOf })
})

/** Of the process itself and of the children that it has seen end, from its line in `stat`. */
export const cpuSecondsOf = (stat: string): number => {
  // The name may hold anything, but ends with the last parenthesis; user time is the twelfth field after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}

/** What is resident beside shared memory: its own pages, and the files it runs. */
export const megabytesOf = (status: string): number => (field(status, "VmRSS") - field(status, "RssShmem")) / 1_024

/** Its own pages alone. */
export const ownMegabytesOf = (status: string): number => field(status, "RssAnon") / 1_024

const field = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0)

const descendantsOf = (pid: number): ReadonlyArray<number> =>
  Option.getOrElse(list(`/proc/${pid}/task`), () => [])
    .flatMap((task) => Option.getOrElse(read(`/proc/${pid}/task/${task}/children`), () => "").match(/\d+/g) ?? [])
    .map(Number)
    .flatMap((child) => [child].concat(descendantsOf(child)))

const read = Option.liftThrowable((path: string) => readFileSync(path, "utf8"))
const list = Option.liftThrowable((path: string) => readdirSync(path))
