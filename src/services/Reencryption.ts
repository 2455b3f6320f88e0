import { Array, Context, Effect, Layer, Number, Option, Record } from "effect"
import {
  EnvelopeStore,
  type Keys,
  type Replacement,
  type Sealed,
  type SealedTable,
  sealedTables
} from "./store/EnvelopeStore.ts"
import type { StoreError } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/** What became of the envelopes of one table. */
export interface Tally {
  readonly table: string
  readonly rows: number
  readonly sealedAnew: number
  /** Those that cannot be opened, by the id of the key that they were sealed with. They stay as they are. */
  readonly unopened: Readonly<Record<string, number>>
  /** Whether others changed some of them all the while, so that a few may be left. */
  readonly unsettled: boolean
}

export interface Options {
  /** The key that everything is to be sealed with. */
  readonly keyId: string
  /** How many rows are read at a time. */
  readonly batch: number
}

/**
 * Seals everything anew that is not sealed with the first key. Beside running processes: an envelope is replaced only where it
 * still is the one that was opened. It may be ended at any moment and run again: what is done is passed over.
 */
export class Reencryption extends Context.Tag("sluice/services/Reencryption")<Reencryption, {
  readonly run: Effect.Effect<ReadonlyArray<Tally>, StoreError>
}>() {
  static readonly layer = (options: Options) =>
    Layer.provide(Layer.effect(Reencryption, make(options)), EnvelopeStore.layer)
}

// All are counted; who lost a key need not read of each.
const toldAtMost = 100
// Others change envelopes seldom, and few at a time.
const passes = 3

/** A walk through a table, up to a row. */
interface Walk {
  readonly after: Option.Option<Keys>
  readonly end: boolean
  readonly rows: number
  readonly sealedAnew: number
  readonly unopened: Readonly<Record<string, number>>
  /** How many others have changed between being read and being replaced. */
  readonly changed: number
}

const beginning: Walk = { after: Option.none(), end: false, rows: 0, sealedAnew: 0, unopened: {}, changed: 0 }

const make = Effect.fnUntraced(function*({ batch, keyId }: Options) {
  const store = yield* EnvelopeStore
  const vault = yield* Vault

  const sealAnew = (place: string, keys: Keys, opened: string) =>
    vault.open(place, opened).pipe(
      Effect.flatMap((secret) => vault.seal(place, secret)),
      Effect.mapBoth({
        onSuccess: (sealed): Replacement => ({ keys, opened, sealed }),
        onFailure: ({ message }) => ({ message, place, keyId: opened.split(".")[1] ?? "" })
      })
    )

  /** What becomes of one column's envelopes in some rows. */
  const column = Effect.fnUntraced(function*(table: SealedTable, index: number, found: ReadonlyArray<Sealed>) {
    const { name = "", place = "" } = table.columns[index] ?? {}
    const envelopes = found.flatMap(({ envelopes, keys }) => {
      const opened = envelopes[index] ?? null
      return opened === null ? [] : [{ keys, opened }]
    })
    const [unopened, replacements] = yield* Effect.partition(
      envelopes,
      ({ keys, opened }) => sealAnew(`${place}:${keys[0]}`, keys, opened)
    )
    const replaced = replacements.length === 0 ? 0 : yield* store.replace(table, name, replacements)
    return { unopened, replaced, changed: replacements.length - replaced }
  })

  const step = (table: SealedTable) =>
    Effect.fnUntraced(function*(walk: Walk) {
      const found = yield* store.page(table, { after: walk.after, keyId, limit: batch })
      const columns = yield* Effect.forEach(table.columns, (_, index) => column(table, index, found))
      const unopened = columns.flatMap((_) => _.unopened)
      const told = Number.sumAll(Object.values(walk.unopened))
      yield* Effect.forEach(
        unopened.slice(0, Math.max(0, toldAtMost - told)),
        ({ message, ...of }) => Effect.logWarning(message, { table: table.name, ...of })
      )
      return {
        after: Option.orElse(Option.map(Array.last(found), (_) => _.keys), () => walk.after),
        end: found.length < batch,
        rows: walk.rows + found.length,
        sealedAnew: walk.sealedAnew + Number.sumAll(columns.map((_) => _.replaced)),
        unopened: Record.union(
          walk.unopened,
          Record.map(Array.groupBy(unopened, (_) => _.keyId), (_) => _.length),
          sum
        ),
        changed: walk.changed + Number.sumAll(columns.map((_) => _.changed))
      }
    })

  const walk = (table: SealedTable) => Effect.iterate(beginning, { while: (_) => !_.end, body: step(table) })

  const settle = Effect.fnUntraced(function*(table: SealedTable) {
    let sealedAnew = 0
    let last = beginning
    for (let pass = 0; pass < passes && (pass === 0 || last.changed > 0); pass++) {
      last = yield* walk(table)
      sealedAnew += last.sealedAnew
    }
    const tally: Tally = {
      table: table.name,
      rows: last.rows,
      sealedAnew,
      unopened: last.unopened,
      unsettled: last.changed > 0
    }
    return tally
  })

  return Reencryption.of({
    run: Effect.forEach(sealedTables, settle).pipe(Effect.withSpan("Reencryption.run"))
  })
})

const sum = (one: number, other: number): number => one + other
