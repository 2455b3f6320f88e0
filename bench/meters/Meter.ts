import { Effect, Option, Schedule, Schema, type Scope } from "effect"
import type { Place } from "../Place.ts"
import { type Figures, median } from "../Statistics.ts"
import * as Proc from "./Proc.ts"

/** A process by the name under which its costs are told; several may share one. */
export interface Member {
  readonly name: string
  readonly pid: number
}

/** What everybody has used so far. */
export interface Reading {
  readonly cpu: ReadonlyMap<string, number>
  readonly statements: Option.Option<{ readonly calls: number; readonly walBytes: number }>
}

export interface Meter {
  readonly read: Effect.Effect<Reading>
  /** Forgets the memory that was seen. */
  readonly reset: Effect.Effect<void>
  /** What was used between two readings for each thousand webhooks, and the most memory of each since the reset. */
  readonly figures: (before: Reading, after: Reading, webhooks: number) => Figures
  /**
   * What a member's memory did since the reset: its median over the last third of the time, and how much more that is than
   * in the third before. The first third is for what fills its place once.
   */
  readonly memory: (name: string) => Figures
}

/** The figure of the most memory that a member had. */
export const memoryName = (name: string): string => `${name} memory, MB`

const every = Schedule.spaced("500 millis")

/** Watches the members for the life of the scope; who ended meanwhile stays counted. */
export const make = Effect.fn("Meter.make")(
  function*(
    place: Place,
    members: Effect.Effect<ReadonlyArray<Member>>
  ): Effect.fn.Return<Meter, never, Scope.Scope> {
    const cpuOf = new Map<number, { readonly name: string; readonly seconds: number }>()
    const seen = new Map<string, Array<number>>()

    const look = Effect.map(members, (all) => {
      const megabytes = new Map<string, number>()
      for (const { name, pid } of all) {
        const family = Proc.familyOf(pid)
        if (family.cpuSeconds > 0) cpuOf.set(pid, { name, seconds: family.cpuSeconds })
        megabytes.set(name, (megabytes.get(name) ?? 0) + family.megabytes)
      }
      for (const [name, number] of megabytes) {
        const numbers = seen.get(name)
        if (numbers === undefined) seen.set(name, [number])
        else numbers.push(number)
      }
    })
    yield* Effect.forkScoped(Effect.repeat(look, every))

    return {
      read: Effect.zipRight(
        look,
        Effect.map(statements(place), (statements) => {
          const cpu = new Map<string, number>()
          for (const { name, seconds } of cpuOf.values()) cpu.set(name, (cpu.get(name) ?? 0) + seconds)
          return { cpu, statements }
        })
      ),
      reset: Effect.sync(() => seen.clear()),
      figures: (before, after, webhooks) => ({
        ...Object.fromEntries(
          Array.from(after.cpu, ([name, seconds]) => [
            `${name} CPU, s per 1,000`,
            (seconds - (before.cpu.get(name) ?? 0)) / webhooks * 1_000
          ])
        ),
        ...Object.fromEntries(
          Array.from(seen, ([name, numbers]) => [
            memoryName(name),
            numbers.reduce((most, _) => Math.max(most, _), 0)
          ])
        ),
        ...Option.match(Option.all([before.statements, after.statements]), {
          onNone: () => ({}),
          onSome: ([from, to]) => ({
            "statements per webhook": (to.calls - from.calls) / webhooks,
            "WAL, KB per webhook": (to.walBytes - from.walBytes) / webhooks / 1_024
          })
        })
      }),
      memory: (name) => {
        const numbers = seen.get(name) ?? []
        const third = Math.floor(numbers.length / 3)
        if (third === 0) return {}
        const steady = median(numbers.slice(-third))
        return {
          [`${name} memory in the last third, MB`]: steady,
          [`${name} memory more than in the second third, MB`]: steady - median(numbers.slice(third, 2 * third))
        }
      }
    }
  }
)

const statements = ({ database, ground: { countsStatements, sql } }: Place): Effect.Effect<Reading["statements"]> =>
  countsStatements
    ? sql`
        SELECT coalesce(sum(calls), 0)::float8 AS calls, coalesce(sum(wal_bytes), 0)::float8 AS "walBytes"
        FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
        WHERE datname = ${database}`.pipe(
      Effect.flatMap(Schema.decodeUnknown(Schema.Tuple(Counted))),
      Effect.map(([counted]) => Option.some(counted)),
      Effect.orDie
    )
    : Effect.succeedNone

const Counted = Schema.Struct({ calls: Schema.Number, walBytes: Schema.Number })
