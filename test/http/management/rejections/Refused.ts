import { SqlClient } from "@effect/sql"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import * as Ids from "../../../../src/services/Ids.ts"
import type { Settings } from "../../../../src/services/Settings.ts"
import { SecretStore } from "../../../../src/services/store/SecretStore.ts"
import { Vault } from "../../../../src/services/Vault.ts"
import * as Client from "../../../support/Client.ts"
import { eventually } from "../../../support/Eventually.ts"
import * as Gateway from "../../../support/Gateway.ts"

/** A gateway, and beside it what a test mends its integrations by. */
export const ground = (changes: Partial<typeof Settings.Service> = {}) =>
  Layer.mergeAll(SecretStore.layer, Vault.layer).pipe(Layer.provideMerge(Client.onTwins(changes)))

export const nowhere = "http://127.0.0.1:9/hook"

/** Gives an integration one more secret, valid from now on. */
export const mend = Effect.fnUntraced(function*(integrationId: string, secret: string) {
  const id = yield* Ids.next
  const envelope = yield* (yield* Vault).seal(`secret:${id}`, Redacted.make(secret))
  yield* (yield* SecretStore).insert({
    id,
    integrationId,
    envelope,
    hint: `…${secret.slice(-4)}`,
    validFrom: Option.none(),
    validUntil: Option.none()
  })
  return id
})

/** Of an integration, how many are kept, newest first. */
export const ids = (integrationId: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ id: string }>`SELECT id FROM rejections WHERE integration_id = ${integrationId} ORDER BY id DESC`,
      (rows) => rows.map((_) => _.id)
    ))

/** The one that is kept last of an integration, once there are so many. */
export const last = (integrationId: string, count = 1) =>
  Effect.map(eventually(ids(integrationId), (_) => _.length === count), ([id = ""]) => id)

const Made = Schema.Struct({ id: Schema.String })

/** An integration of a provider, with a secret that is not the sender's. */
export const wrongly = Effect.fnUntraced(function*(slug: string, fields: Record<string, unknown>) {
  const { manage } = yield* Gateway.Gateway
  const { json } = yield* manage("/integrations", { slug, name: slug, callbackUrl: nowhere, ...fields })
  return (yield* Effect.orDie(Schema.decodeUnknown(Made)(json))).id
})
