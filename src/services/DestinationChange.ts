import { SqlClient } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import { Destination } from "../domain/Destination.ts"
import * as Difference from "../domain/Difference.ts"
import { Audit } from "./Audit.ts"
import { Directory } from "./Directory.ts"
import { DestinationStore } from "./store/DestinationStore.ts"
import { transaction } from "./store/Store.ts"

export interface Entry {
  readonly actor: string
  readonly action: string
  readonly id: string
  /** What is to be known beside the fields that the change touched. */
  readonly detail: Difference.Fields
  /** What was set of which the destination's view shows nothing. */
  readonly set?: Difference.Fields
}

/**
 * Changes of a destination, each in one transaction with its audit entry, from a state that nobody else changes meanwhile.
 * What changes nothing is not audited, unless there is a detail to be known.
 */
export const make = Effect.gen(function*() {
  const audit = yield* Audit
  const directory = yield* Directory
  const sql = yield* SqlClient.SqlClient
  const store = yield* DestinationStore

  return <A, E>(change: Effect.Effect<A, E>, { action, actor, detail, id, set }: Entry) =>
    transaction(
      sql,
      Effect.gen(function*() {
        yield* store.lock(id)
        const before = yield* store.find(id)
        const result = yield* change
        const after = Option.map(yield* store.find(id), (_) => ({ ...viewOf(_), ...set }))
        const difference = Difference.between(Option.map(before, viewOf), after)
        const told = { ...detail, ...Option.getOrUndefined(difference) }
        if (Object.keys(told).length > 0) {
          yield* audit.append({ actor, action, subjectType: "destination", subjectId: id, detail: told })
        }
        return result
      })
    ).pipe(
      // What is committed is done; the directory's own watch notices it too.
      Effect.zipLeft(Effect.ignore(directory.refresh))
    )
})

const encode = Schema.encodeSync(Destination)

/** What an operator sets of one. */
const viewOf = (destination: Destination): Difference.Fields => {
  const { breaker: _b, createdAt: _c, id: _i, updatedAt: _u, ...set } = encode(destination)
  return set
}
