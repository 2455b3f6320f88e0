import { SqlClient } from "@effect/sql"
import { Clock, Context, Effect, Layer, Option, Queue, Schedule } from "effect"
import type { IntegrationId } from "../domain/Ids.ts"
import type { Request } from "../domain/verification/Request.ts"
import * as Ids from "./Ids.ts"
import * as Loop from "./Loop.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import { guarded } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

export interface Rejection {
  readonly integrationId: IntegrationId
  readonly reason: string
  readonly detail: string
  readonly request: Request
  /** Headers that are secrets under the integration's scheme. */
  readonly secretHeaders: ReadonlyArray<string>
}

/** Keeps what was refused, for inspection. An attacker fills neither the disk nor the database's time with it. */
export class Rejections extends Context.Tag("sluice/services/Rejections")<Rejections, {
  /** Hands a rejection over to be written in the background; beyond the bounds it is dropped. */
  readonly record: (rejection: Rejection) => Effect.Effect<void>
}>() {
  static readonly layer = Layer.scoped(Rejections, Effect.suspend(() => make))
}

const waiting = 200
const perMinute = 10
const maxBodyBytes = 262_144

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const vault = yield* Vault
  const queue = yield* Queue.dropping<Entry>(waiting)
  const admit = perMinuteAndIntegration()

  const write = Effect.fnUntraced(function*({ body, rejection, size }: Entry) {
    const { detail, integrationId, reason, request, secretHeaders } = rejection
    const id = Ids.at(request.receivedAt)
    const { headers, sealedHeaders } = yield* SealedHeaders.seal(
      vault,
      `rejection:${id}`,
      request.headers,
      secretHeaders
    )
    yield* guarded(sql`
      INSERT INTO rejections (
        id, integration_id, reason, detail, received_at, method, url, headers, sealed_headers, body, body_size
      ) VALUES (
        ${id}, ${integrationId}, ${reason}, ${detail}, to_timestamp(${request.receivedAt}::float8 / 1000),
        ${request.method}, ${request.url}, ${headers}::json, ${sealedHeaders},
        ${body}, ${size}
      )`)
  })

  yield* Loop.forkRepeating("Recording a rejection", Schedule.forever, Effect.flatMap(Queue.take(queue), write))

  return Rejections.of({
    record: (rejection) =>
      Effect.flatMap(
        Clock.currentTimeMillis,
        (now) => admit(rejection.integrationId, now) ? Queue.offer(queue, entryOf(rejection)) : Effect.void
      )
  })
})

/** What waits to be written: a large body is not kept, and is let go at once. */
interface Entry {
  readonly rejection: Omit<Rejection, "request"> & {
    readonly request: Pick<Request, "method" | "url" | "headers" | "receivedAt">
  }
  readonly body: Buffer | null
  readonly size: number
}

const entryOf = ({ request: { body, headers, method, receivedAt, url }, ...rejection }: Rejection): Entry => ({
  rejection: { ...rejection, request: { method, url, headers, receivedAt } },
  body: body.byteLength > maxBodyBytes ? null : Buffer.from(body),
  size: body.byteLength
})

const perMinuteAndIntegration = () => {
  let minute = 0
  const counts = new Map<string, number>()
  return (integrationId: string, now: number): boolean => {
    const current = Math.floor(now / 60_000)
    if (current !== minute) {
      minute = current
      counts.clear()
    }
    const count = Option.getOrElse(Option.fromNullable(counts.get(integrationId)), () => 0)
    counts.set(integrationId, count + 1)
    return count < perMinute
  }
}
