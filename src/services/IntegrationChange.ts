import { SqlClient } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import * as Difference from "../domain/Difference.ts"
import type { IntegrationId } from "../domain/Ids.ts"
import { Integration } from "../domain/Integration.ts"
import { Audit } from "./Audit.ts"
import { Directory } from "./Directory.ts"
import { IntegrationStore } from "./store/IntegrationStore.ts"
import { transaction } from "./store/Store.ts"

export interface Change {
  readonly actor: string
  readonly action: string
  readonly id: IntegrationId
}

/**
 * Changes of an integration, each in one transaction with its audit entry, from a state that nobody else changes meanwhile.
 * What changes nothing is not audited. `noted` tells the changes of which an integration's view shows nothing.
 */
export const make = Effect.gen(function*() {
  const audit = yield* Audit
  const directory = yield* Directory
  const sql = yield* SqlClient.SqlClient
  const store = yield* IntegrationStore

  return <A, E>(
    { action, actor, id }: Change,
    change: (before: Option.Option<Integration>) => Effect.Effect<A, E>,
    noted: (before: Option.Option<Integration>) => Difference.Fields = () => ({})
  ) =>
    transaction(
      sql,
      Effect.gen(function*() {
        yield* store.lock(id)
        const before = yield* store.find(id)
        const result = yield* change(before)
        const after = yield* store.find(id)
        const difference = Difference.between(
          Option.map(before, (_) => Option.isSome(after) ? viewOf(_) : { ...viewOf(_), ...withDestinations(_) }),
          Option.map(after, (_) => ({ ...viewOf(_), ...noted(before) }))
        )
        if (Option.isSome(difference)) {
          yield* audit.append({
            actor,
            action,
            subjectType: "integration",
            subjectId: id,
            detail: { ...difference.value }
          })
        }
        return result
      })
    ).pipe(
      // What is committed is done; the directory's own watch notices it too.
      Effect.zipLeft(Effect.ignore(directory.refresh))
    )
})

const encode = Schema.encodeSync(Integration)

/** What an operator sets of one; its destinations have entries of their own. */
const viewOf = (integration: Integration): Difference.Fields => {
  const { createdAt: _c, destinations: _d, hasVerifyToken, id: _i, updatedAt: _u, ...set } = encode(integration)
  return { ...set, verifyToken: hasVerifyToken ? "set" : null }
}

/** Those that are deleted with it. */
const withDestinations = ({ destinations }: Integration): Difference.Fields => ({
  destinations: destinations.map(({ id }) => id)
})
