import { Clock, Effect, Option, Predicate, Schedule, Schema, type Scope } from "effect"
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { working } from "../../src/layers/Worker.ts"
import { queuedAgain } from "../../src/services/Sweeper.ts"
import type { BadLine, Find } from "./Books.ts"
import type { Fleet } from "./Fleet.ts"
import { type Member, members, workers } from "./Kinds.ts"

/** What the logs tell the checker. */
export interface Logs {
  readonly badLines: ReadonlyArray<BadLine>
  readonly finds: ReadonlyArray<Find>
  /** The processes of which nothing was read that they must have written, in words. */
  readonly unheard: () => ReadonlyArray<string>
  /** Reads what was written just now. */
  readonly catchUp: Effect.Effect<void>
}

const every = Schedule.spaced("500 millis")

/** Follows the logs of the fleet, for the life of the scope. Lines get the harness's time, as the processes' own may jump. */
export const follow = (fleet: Fleet): Effect.Effect<Logs, never, Scope.Scope> =>
  Effect.gen(function*() {
    const book = make()
    const reads = new Map(members.map((member) => [member, tail(fleet.hosts[member].log)]))
    const catchUp = Effect.flatMap(Clock.currentTimeMillis, (at) =>
      Effect.sync(() => {
        for (const [member, read] of reads) for (const line of read()) book.read(member, at, line)
      }))
    yield* Effect.forkScoped(Effect.repeat(catchUp, every))
    return { ...book, catchUp }
  })

/** The end of a log. */
export const lastWords = (file: string): string => tail(file)().slice(-5).join("\n")

const chunkBytes = 1_048_576

/** The whole lines that were added since the last time. */
const tail = (file: string) => {
  let offset = 0
  let rest = ""
  return (): ReadonlyArray<string> => {
    const descriptor = Option.getOrUndefined(open(file))
    if (descriptor === undefined) return []
    const size = fstatSync(descriptor).size
    while (offset < size) {
      const chunk = Buffer.alloc(Math.min(chunkBytes, size - offset))
      offset += readSync(descriptor, chunk, 0, chunk.length, offset)
      rest += chunk.toString("latin1")
    }
    closeSync(descriptor)
    const lines = rest.split("\n")
    rest = lines.pop() ?? ""
    return lines
  }
}

const open = Option.liftThrowable((file: string) => openSync(file, "r"))

const Line = Schema.Struct({
  message: Schema.Unknown,
  logLevel: Schema.String,
  cause: Schema.optional(Schema.Unknown)
})
const decodeLine = Schema.decodeOption(Schema.parseJson(Line))
const decodeError = Schema.decodeUnknownOption(Schema.Struct({
  _tag: Schema.String.pipe(Schema.endsWith("Error")),
  reason: Schema.optionalWith(Schema.String, { default: () => "" })
}))

const decodeFound = Schema.decodeUnknownOption(Schema.Tuple(
  Schema.Literal(queuedAgain),
  Schema.Struct({
    found: Schema.Number,
    because: Schema.String,
    states: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.Number }), { default: () => ({}) })
  })
))

const lineLength = 3_000

/** The book itself: it reads the lines one by one. */
export const make = () => {
  const badLines: Array<BadLine> = []
  const finds: Array<Find> = []
  const heard = new Set<Member>()
  const worked = new Set<Member>()
  return {
    badLines,
    finds,
    unheard: () => [
      ...members.filter((_) => !heard.has(_)).map((_) => `no line of ${_}'s log was read`),
      ...workers.filter((_) => !worked.has(_)).map((_) => `${_}'s log was not seen to say "${working}"`)
    ],
    read: (member: Member, at: number, line: string): void => {
      const decoded = Option.orElse(decodeLine(line), () => decodeLine(behindCut(line)))
      if (Option.isNone(decoded) || isBad(decoded.value)) {
        badLines.push({ member, text: line.slice(0, lineLength) })
      } else {
        heard.add(member)
        if (decoded.value.message === working) worked.add(member)
      }
      const found = Option.flatMap(decoded, ({ message }) => decodeFound(message))
      if (Option.isNone(found)) return
      const [, { because, found: count, states }] = found.value
      finds.push({ member, at, found: count, queued: states["queued"] ?? 0, because })
    }
  }
}

/** Who is killed in the midst of a line leaves half of it, and the next one's first line comes behind that. */
const behindCut = (line: string): string => line.startsWith(opening) ? line.slice(line.lastIndexOf(opening)) : line
const opening = "{\"message\":"

// No fault of these runs makes a message or a request bad, so whatever a process calls an error is a defect, and so is
// what it goes on after, unless a server was away.
const isBad = ({ cause, logLevel, message }: typeof Line.Type): boolean =>
  logLevel === "ERROR" || logLevel === "FATAL" || Predicate.isString(cause) && !isExpected(cause) ||
  Array.isArray(message) && message.some((part) => Option.exists(decodeError(part), isUnexpected))

/** Each failure of a cause begins a line; what belongs to it is indented. */
const isExpected = (cause: string): boolean =>
  cause.split("\n").filter((_) => /^[^\s}]/.test(_)).every((_) => expected.test(_))

const expected = /^(?:StoreError: (?:Unavailable|Contended)|BrokerError: .*|CoordinationError: .*)(?: \{)?$/

const isUnexpected = ({ _tag, reason }: { readonly _tag: string; readonly reason: string }): boolean =>
  !expected.test(`${_tag}: ${reason}`)
