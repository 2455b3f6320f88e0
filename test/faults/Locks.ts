import { Effect, type Scope } from "effect"
import { connect, Socket } from "node:net"
import { createInterface } from "node:readline"
import type { BrokenLock } from "./Books.ts"

/** Who holds which delivery lock, as Redis itself tells by MONITOR. */
export interface Locks {
  readonly broken: ReadonlyArray<BrokenLock>
  readonly taken: Effect.Effect<number>
}

interface Held {
  /** None where it was asked for just as its predecessor lapsed: either of them may have it. */
  readonly token: string | null
  until: number
}

/** How far what MONITOR tells may be from the moment by which a lock lapses, in milliseconds. */
const grace = 20
const reconnectMs = 100

export const watch = (port: number): Effect.Effect<Locks, never, Scope.Scope> =>
  Effect.gen(function*() {
    const book = make()
    let over = false
    let socket = new Socket()
    const open = () => {
      if (over) return
      // A server that was restarted has forgotten every lock.
      book.forget()
      socket = connect(port, "127.0.0.1", () => socket.write("MONITOR\r\n"))
      socket.on("error", () => undefined).once("close", () => setTimeout(open, reconnectMs))
      createInterface(socket).on("error", () => undefined).on("line", book.read)
    }
    yield* Effect.acquireRelease(Effect.sync(open), () =>
      Effect.sync(() => {
        over = true
        socket.destroy()
      }))
    return { broken: book.broken, taken: Effect.sync(book.taken) }
  })

/** The book itself: it reads MONITOR's lines one by one. */
export const make = () => {
  const held = new Map<string, Held>()
  const broken: Array<BrokenLock> = []
  // The tokens that a script is given, by the locks that they are for.
  let asked: ReadonlyMap<string, ReadonlyArray<string>> = new Map()
  let taken = 0

  const holderOf = (key: string, at: number): Held | undefined => {
    const holder = held.get(key)
    return holder !== undefined && at < holder.until - grace ? holder : undefined
  }
  const mayBeHeld = (key: string, at: number): boolean => {
    const holder = held.get(key)
    return holder !== undefined && at < holder.until + grace
  }
  const check = (at: number, key: string, inScript: boolean): boolean => {
    const holder = holderOf(key, at)
    if (holder === undefined || holder.token === null) return true
    // After an outage one script may release a lock for several tokens, only one of which has it.
    const tokens = inScript ? asked.get(key) ?? ["a script without its token"] : ["a command without a token"]
    if (tokens.includes(holder.token)) return true
    const by = tokens.join(", ")
    broken.push({ at, key, holder: holder.token, by })
    return false
  }

  return {
    broken,
    taken: () => taken,
    forget: () => held.clear(),
    read: (line: string): void => {
      if (!line.includes("lock:delivery:")) return
      const { at, inScript, words: [command = "", first = "", second = "", ...more] } = parse(line)
      switch (command.toLowerCase()) {
        case "eval":
          asked = tokensOf(Number(second), more)
          return
        case "set": {
          if (more.some((_) => _.toLowerCase() === "nx") && holderOf(first, at) !== undefined) return
          taken += 1
          const token = mayBeHeld(first, at) ? null : second
          return void held.set(first, { token, until: at + millisOf(more) })
        }
        case "del":
        case "unlink":
          check(at, first, inScript)
          return void held.delete(first)
        case "pexpire": {
          const holder = held.get(first)
          if (check(at, first, inScript) && holder !== undefined) holder.until = at + Number(second)
        }
      }
    }
  }
}

/** Of a script's keys each has its token at the same place among the arguments. */
const tokensOf = (count: number, words: ReadonlyArray<string>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const tokens = new Map<string, Array<string>>()
  for (const [place, key] of words.slice(0, count).entries()) {
    tokens.set(key, [...tokens.get(key) ?? [], words[count + place] ?? ""])
  }
  return tokens
}

const millisOf = (options: ReadonlyArray<string>): number => {
  const at = options.findIndex((_) => _.toLowerCase() === "px")
  return at < 0 ? Number.POSITIVE_INFINITY : Number(options[at + 1])
}

const parse = (line: string) => {
  const [, seconds = "0", source = ""] = /^\+?([\d.]+) \[\d+ ([^\]]+)\]/.exec(line) ?? []
  return {
    at: Number(seconds) * 1_000,
    inScript: source === "lua",
    words: Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, word = ""]) => word)
  }
}
