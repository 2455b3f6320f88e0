import { Clock, Effect, Option, Predicate, Schedule, Schema, type Scope } from "effect"
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import type { BadLine, Find } from "./Books.ts"
import type { Fleet } from "./Fleet.ts"
import { type Member, members } from "./Kinds.ts"

/** What the logs tell the checker. */
export interface Logs {
  readonly badLines: ReadonlyArray<BadLine>
  readonly finds: ReadonlyArray<Find>
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

const decodeLine = Schema.decodeOption(Schema.parseJson(Schema.Struct({
  message: Schema.Unknown,
  logLevel: Schema.String,
  cause: Schema.optional(Schema.Unknown)
})))

const decodeFound = Schema.decodeUnknownOption(Schema.Tuple(
  Schema.Literal("Deliveries without a message were queued again"),
  Schema.Struct({
    found: Schema.Number,
    because: Schema.String,
    states: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.Number }), { default: () => ({}) })
  })
))

/** What Node itself writes when nothing caught an error. */
const uncaught = /^(?:Uncaught|\s*throw |[A-Za-z]*Error[: ]|node:internal|FATAL ERROR)/
const lineLength = 3_000

/** The book itself: it reads the lines one by one. */
export const make = () => {
  const badLines: Array<BadLine> = []
  const finds: Array<Find> = []
  return {
    badLines,
    finds,
    read: (member: Member, at: number, line: string): void => {
      const decoded = decodeLine(line)
      if (Option.isNone(decoded) ? uncaught.test(line) : isBad(decoded.value)) {
        badLines.push({ member, text: line.slice(0, lineLength) })
      }
      const found = Option.flatMap(decoded, ({ message }) => decodeFound(message))
      if (Option.isNone(found)) return
      const [, { because, found: count, states }] = found.value
      finds.push({ member, at, found: count, queued: states["queued"] ?? 0, because })
    }
  }
}

// No fault of these runs makes a message or a request bad, so whatever a process calls an error is a defect, and so is
// what it goes on after, unless a server was away.
const isBad = ({ cause, logLevel }: { readonly logLevel: string; readonly cause?: unknown }): boolean =>
  logLevel === "ERROR" || logLevel === "FATAL" || Predicate.isString(cause) && !expected.test(cause)

const expected = /(?:Store|Broker|Coordination)Error/
