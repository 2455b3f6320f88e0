// @effect-diagnostics strictEffectProvide:off
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import * as FileSystem from "@effect/platform/FileSystem"
import { Array, Clock, Config, Console, Effect, Layer, Order } from "effect"
import { EmbeddedPostgres } from "../src/layers/embedded/EmbeddedPostgres.ts"
import * as Migrations from "../src/layers/Migrations.ts"
import * as Postgres from "../src/layers/Postgres.ts"
import { DeliveryReader } from "../src/services/store/DeliveryReader.ts"
import { EventReader } from "../src/services/store/EventReader.ts"
import type { Part } from "../src/services/store/Search.ts"
import type { StoreError } from "../src/services/store/Store.ts"
import * as Queries from "../test/services/store/Queries.ts"
import * as ManyEvents from "../test/support/ManyEvents.ts"

const limit = 51
const rounds = 5
const shown = 25

/** What one list took, in milliseconds, at its first page. */
interface Measured {
  readonly name: string
  readonly found: number
  /** Whether the page was ended by the bound on what is looked at. */
  readonly bounded: boolean
  readonly best: number
  readonly median: number
}

const measure = Effect.fnUntraced(function*(name: string, list: Effect.Effect<Part<unknown>, StoreError>) {
  const runs = yield* Effect.forEach(Array.range(1, rounds), () => {
    const now = Clock.currentTimeNanos
    return Effect.gen(function*() {
      const before = yield* now
      const part = yield* list
      return { part, took: Number((yield* now) - before) / 1_000_000 }
    })
  })
  const times = Array.sort(runs.map((_) => _.took), Order.number)
  const { found, reached } = runs[0]?.part ?? { found: [], reached: { _tag: "None" } }
  return {
    name,
    found: found.length,
    bounded: reached._tag === "Some",
    best: times[0] ?? 0,
    median: times[Math.floor(rounds / 2)] ?? 0
  }
})

const row = ({ best, bounded, found, median, name }: Measured) =>
  `${name.padEnd(110)} ${String(found).padStart(4)} ${(bounded ? "bounded" : "").padEnd(7)} ${
    best.toFixed(1).padStart(7)
  } ${median.toFixed(1).padStart(7)}`

const report = Effect.fnUntraced(function*(title: string, measured: ReadonlyArray<Measured>) {
  const slowest = Array.sort(measured, Order.reverse(Order.mapInput(Order.number, (_: Measured) => _.median)))
  const times = slowest.map((_) => _.median)
  yield* Console.log(
    `\n${title}: ${measured.length} combinations of filters, first page of ${limit - 1}; median of all ${
      (times[Math.floor(times.length / 2)] ?? 0).toFixed(1)
    } ms, slowest ${(times[0] ?? 0).toFixed(1)} ms; best of each at most ${
      Math.max(...measured.map((_) => _.best)).toFixed(1)
    } ms. The slowest:\n`
  )
  yield* Console.log(`${"".padEnd(110)} rows            best  median (ms)`)
  yield* Effect.forEach(slowest.slice(0, shown), (_) => Console.log(row(_)), { discard: true })
})

const program = Effect.gen(function*() {
  const count = yield* Config.withDefault(Config.integer("EVENTS"), 200_000)
  yield* Migrations.migrate("schema_migrations")
  const before = yield* Clock.currentTimeMillis
  yield* ManyEvents.fill(count)
  yield* Console.log(`${count} events loaded in ${((yield* Clock.currentTimeMillis) - before) / 1_000} s`)
  const [events, deliveries] = [yield* EventReader, yield* DeliveryReader]
  yield* report(
    "GET /events",
    yield* Effect.forEach(Queries.events(count, limit), (_) => measure(Queries.told(_), events.list(_)))
  )
  yield* report(
    "GET /deliveries",
    yield* Effect.forEach(Queries.deliveries(limit), (_) => measure(Queries.told(_), deliveries.list(_)))
  )
})

/** A PostgreSQL of its own, whose data are thrown away. */
const database = Layer.unwrapScoped(Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped()
  // PostgreSQL's own account enters it, where this is root's.
  yield* files.chmod(directory, 0o755)
  return Layer.unwrapEffect(
    Effect.map(
      EmbeddedPostgres,
      ({ url }) => Postgres.layer({ url, applicationName: "sluice-bench", maxConnections: 2, unhurried: true })
    )
  ).pipe(
    Layer.provide(EmbeddedPostgres.layer({ directory: `${directory}/data`, durable: false, exclusive: false }))
  )
}))

program.pipe(
  Effect.scoped,
  Effect.provide(
    Layer.merge(EventReader.layer, DeliveryReader.layer).pipe(
      Layer.provideMerge(database),
      Layer.provideMerge(NodeContext.layer)
    )
  ),
  NodeRuntime.runMain
)
