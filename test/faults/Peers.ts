import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { type Member, workers } from "./Kinds.ts"

/** One connection to a callback. */
export interface Peer {
  /** Who made it; null until that is known, and for ever where it was over before it could be told. */
  worker: Member | null
}

/** The ports of a connection within this machine. */
export interface Ports {
  readonly from: number
  readonly to: number
}

export const key = ({ from, to }: Ports): string => `${from}>${to}`

const lookEvery = 500

/** Tells who made which connection. Looking costs time, so it is done for many at once, some time later. */
export const make = (lookUp: (keys: ReadonlySet<string>) => ReadonlyMap<string, Member> = find) => {
  const waiting = new Map<string, Peer>()
  let isDue = false
  const look = () => {
    isDue = false
    for (const [key, worker] of lookUp(new Set(waiting.keys()))) {
      const peer = waiting.get(key)
      if (peer !== undefined) peer.worker = worker
    }
    waiting.clear()
  }
  return {
    of: (ports: Ports): Peer => {
      const peer: Peer = { worker: null }
      waiting.set(key(ports), peer)
      if (!isDue) setTimeout(look, lookEvery).unref()
      isDue = true
      return peer
    }
  }
}

/** The workers that hold connections now, by what Linux says of sockets and processes. */
export const find = (keys: ReadonlySet<string>): ReadonlyMap<string, Member> => {
  const inodes = inodesOf(keys)
  const found = new Map<string, Member>()
  for (const pid of readdirSync("/proc").filter((_) => /^\d+$/.test(_))) {
    const member = memberOf(pid)
    if (member === undefined) continue
    for (const inode of socketsOf(pid)) {
      const key = inodes.get(inode)
      if (key !== undefined) found.set(key, member)
    }
  }
  return found
}

// The columns are number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode.
const inodesOf = (keys: ReadonlySet<string>): ReadonlyMap<string, string> => {
  const inodes = new Map<string, string>()
  for (const line of readFileSync("/proc/net/tcp", "latin1").split("\n").slice(1)) {
    const [, local = "", remote = "", , , , , , , inode = "0"] = line.trim().split(/\s+/)
    const connection = key({ from: portOf(local), to: portOf(remote) })
    if (keys.has(connection) && inode !== "0") inodes.set(inode, connection)
  }
  return inodes
}

const portOf = (address: string): number => Number.parseInt(address.split(":")[1] ?? "", 16)

/** Each process under test has a clock file of its own, named after it. */
const memberOf = (pid: string): Member | undefined => {
  const environment = orElse(() => readFileSync(`/proc/${pid}/environ`, "latin1"), "")
  const [, name] = /SLUICE_TEST_CLOCK=[^\0]*\/([^/\0]+)\.clock/.exec(environment) ?? []
  return workers.find((_) => _ === name)
}

const socketsOf = (pid: string): ReadonlyArray<string> => {
  const folder = `/proc/${pid}/fd`
  return orElse(() => readdirSync(folder), []).flatMap((descriptor) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(orElse(() => readlinkSync(`${folder}/${descriptor}`), "")) ?? []
    return inode === undefined ? [] : [inode]
  })
}

/** A process or a descriptor may be gone at any moment. */
const orElse = <A>(read: () => A, otherwise: A): A => {
  try {
    return read()
  } catch {
    return otherwise
  }
}
