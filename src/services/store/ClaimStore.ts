import { SqlClient } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option, Order, Schema } from "effect"
import { SignatureNames } from "../../domain/Destination.ts"
import { DeliveryId, DestinationId, EventId, ReplayId } from "../../domain/Ids.ts"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import { RetryOverrides } from "../../domain/RetryPolicy.ts"
import { Settings } from "../Settings.ts"
import * as SigningEnvelopes from "./SigningEnvelopes.ts"
import { guarded, planKept, rows, type StoreError } from "./Store.ts"

/** A message together with the token that the claim is to carry. */
export interface Claim extends DeliveryMessage {
  readonly token: string
}

/** Everything that one attempt needs. A large body is not carried along: `load` brings it. */
export const Work = Schema.Struct({
  deliveryId: DeliveryId,
  eventId: EventId,
  generation: Schema.Int,
  attempt: Schema.Int,
  token: Schema.String,
  /** Milliseconds since the epoch, by the database's clock: hosts may disagree about the time. */
  claimedAt: Schema.Number,
  replayId: Schema.NullOr(ReplayId),
  integrationSlug: Schema.String,
  destinationId: DestinationId,
  url: Schema.String,
  signatureNames: SignatureNames,
  ...SigningEnvelopes.SigningEnvelopes.fields,
  retryPolicy: RetryOverrides,
  concurrency: Schema.NullOr(Schema.Int),
  rateLimitPerMinute: Schema.NullOr(Schema.Int),
  eventReceivedAt: Schema.DateFromSelf,
  /** JSON text; null when the event's content is no longer kept. */
  headers: Schema.NullOr(Schema.String),
  sealedHeaders: Schema.NullOr(Schema.String),
  body: Schema.NullOr(Schema.Uint8ArrayFromSelf)
})
export type Work = typeof Work.Type

/**
 * What became of a claim. `Busy`: another's lease is alive. `Stale`: the row has moved on, waits without a message, or
 * is gone. `Held`: its destination is not active, or its breaker is open. `Cancelled`: its destination is deleted.
 */
export type Claimed =
  | { readonly _tag: "Claimed"; readonly work: Work }
  | { readonly _tag: "Busy" | "Stale" | "Held" | "Cancelled" }

/** The right to carry out a delivery's next attempt, as a lease on its row. */
export class ClaimStore extends Context.Tag("sluice/services/store/ClaimStore")<ClaimStore, {
  /** One outcome for each, in order. */
  readonly claim: (claims: ReadonlyArray<Claim>) => Effect.Effect<ReadonlyArray<Claimed>, StoreError>
  /** The event's exact bytes; none when they are no longer kept. */
  readonly load: (work: Work) => Effect.Effect<Option.Option<Uint8Array>, StoreError>
  /** Extends the leases, also lapsed ones that nobody has taken; the tokens that hold theirs. */
  readonly renew: (held: ReadonlyArray<{ readonly deliveryId: string; readonly token: string }>) => Effect.Effect<
    ReadonlySet<string>,
    StoreError
  >
  /** Ends a claim without an attempt, so that the next message is carried out at once. */
  readonly giveBack: (work: Work) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(ClaimStore, Effect.suspend(() => make))
}

const inlineBodyBytes = 65_536
// Beyond its time limit an attempt still has to be recorded.
const recording = Duration.seconds(5)

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const { deliveryTimeout, lockTtl } = yield* Settings
  const leaseMs = Duration.toMillis(lockTtl)
  const probeMs = Duration.toMillis(Duration.sum(deliveryTimeout, recording))

  return ClaimStore.of({
    claim: Effect.fnUntraced(function*(claims) {
      const foremost = newest(claims)
      const column = <A>(of: (claim: Claim) => A): ReadonlyArray<A> => foremost.map(of)
      const found = yield* sql`${planKept(sql)}
        WITH message AS (
          SELECT * FROM unnest(
            (SELECT ${column((_) => _.deliveryId)}::uuid[]), ${column((_) => _.generation)}::int[],
            ${column((_) => _.attempt)}::int[], ${column((_) => _.token)}::uuid[]
          ) AS message (id, generation, attempt, token)
        ), fenced AS (
          SELECT d.id, d.destination_id, message.token,
            d.generation = message.generation AND d.next_attempt = message.attempt AS current,
            d.state = 'delivering' AND d.lease_until >= now() AS busy,
            -- Its own token is there where the answer to this very claim was lost.
            d.state IN ('pending', 'queued', 'retrying') OR d.state = 'delivering' AND (
              d.lease_until < now() OR d.claim_token = message.token
            ) AS free,
            CASE
              WHEN destination.deleted_at IS NULL AND destination.status = 'active' THEN 'delivering'
              WHEN destination.deleted_at IS NULL AND destination.id IS NOT NULL THEN 'held'
              ELSE 'cancelled'
            END AS next
          FROM (SELECT * FROM message ORDER BY id) AS message CROSS JOIN LATERAL (
            SELECT * FROM deliveries WHERE id = message.id LIMIT 1 FOR UPDATE
          ) AS d
          LEFT JOIN destinations destination ON destination.id = d.destination_id
        ), broken AS (
          SELECT destination_id FROM destination_troubles WHERE opened_at IS NOT NULL
        ), due AS (
          -- Where another claim decides on the probe just now, this one leaves it to that.
          SELECT destination_id FROM destination_troubles
          WHERE opened_at IS NOT NULL AND probe_at <= now() AND destination_id IN (
            SELECT destination_id FROM fenced WHERE current AND free AND next = 'delivering'
          )
          ORDER BY destination_id
          FOR UPDATE SKIP LOCKED
        ), probes AS (
          UPDATE destination_troubles trouble SET probe_at = now() + ${probeMs}::float8 * interval '1 millisecond'
          FROM (
            SELECT DISTINCT ON (destination_id) destination_id, id
            FROM fenced JOIN due USING (destination_id) WHERE current AND free ORDER BY destination_id, id
          ) AS oldest
          WHERE trouble.destination_id = oldest.destination_id
          RETURNING oldest.id
        ), settled AS (
          SELECT id, token, current, busy, free, CASE
            WHEN next = 'delivering' AND destination_id IN (SELECT destination_id FROM broken)
              AND id NOT IN (SELECT id FROM probes) THEN 'held'
            ELSE next
          END AS next
          FROM fenced
        ), updated AS (
          UPDATE deliveries d SET
            state = settled.next,
            claim_token = CASE settled.next WHEN 'delivering' THEN settled.token END,
            lease_until = CASE settled.next WHEN 'delivering' THEN now() + ${leaseMs}::float8 * interval '1 millisecond' END,
            due_at = CASE settled.next WHEN 'delivering' THEN d.due_at END,
            held_at = CASE settled.next WHEN 'held' THEN now() END,
            failed_at = CASE settled.next WHEN 'cancelled' THEN now() END,
            updated_at = now()
          FROM settled
          WHERE d.id = settled.id AND settled.current AND settled.free AND d.id = ANY(ARRAY(SELECT id FROM settled))
          RETURNING settled.token, settled.next, d.*
        )
        SELECT settled.token AS message, settled.current AND settled.busy AS busy, updated.next, updated.id AS "deliveryId",
          updated.event_id AS "eventId", updated.generation, updated.next_attempt AS attempt,
          updated.claim_token AS token, (extract(epoch FROM now()) * 1000)::float8 AS "claimedAt",
          updated.replay_id AS "replayId", integration.slug AS "integrationSlug",
          updated.destination_id AS "destinationId", destination.url, destination.signature_names AS "signatureNames",
          ${SigningEnvelopes.columns(sql)}, destination.retry_policy AS "retryPolicy",
          destination.concurrency, destination.rate_limit_per_minute AS "rateLimitPerMinute",
          updated.event_received_at AS "eventReceivedAt", content.headers::text AS headers,
          content.sealed_headers AS "sealedHeaders",
          CASE WHEN octet_length(content.body) <= ${inlineBodyBytes} THEN content.body END AS body
        FROM settled
        LEFT JOIN updated ON updated.token = settled.token
        LEFT JOIN destinations destination ON destination.id = updated.destination_id
        LEFT JOIN integrations integration ON integration.id = updated.integration_id
        LEFT JOIN LATERAL (
          SELECT headers, sealed_headers, body FROM event_bodies
          WHERE event_id = updated.event_id AND received_at = updated.event_received_at
          LIMIT 1
        ) AS content ON true`.pipe(
        guarded,
        Effect.flatMap(claimRows)
      )
      const asked = new Set(foremost)
      const byMessage = new Map(found.map((row) => [row.message, row]))
      return claims.map((claim): Claimed => {
        if (!asked.has(claim)) return { _tag: "Busy" }
        const row = byMessage.get(claim.token)
        if (row === undefined) return { _tag: "Stale" }
        switch (row.next) {
          case null:
            return { _tag: row.busy ? "Busy" : "Stale" }
          case "delivering":
            return { _tag: "Claimed", work: row }
          case "held":
            return { _tag: "Held" }
          case "cancelled":
            return { _tag: "Cancelled" }
        }
      })
    }),

    // Once for each delivery, and mostly without a statement: not worth a span.
    load: Effect.fnUntraced(function*({ body, eventId, eventReceivedAt }) {
      if (body !== null) return Option.some(body)
      const [content] = yield* sql`
        SELECT body FROM event_bodies WHERE event_id = ${eventId} AND received_at = ${eventReceivedAt}`.pipe(
        guarded,
        Effect.flatMap(bodyRows)
      )
      return Option.map(Option.fromNullable(content), (_) => _.body)
    }),

    renew: Effect.fnUntraced(function*(held) {
      const renewed = yield* sql`
        WITH held AS (
          SELECT d.id FROM unnest(
            ${held.map((_) => _.deliveryId)}::uuid[], ${held.map((_) => _.token)}::uuid[]
          ) AS claim (id, token)
          JOIN deliveries d ON d.id = claim.id AND d.claim_token = claim.token AND d.state IN ('delivering', 'queued')
          ORDER BY d.id
          FOR UPDATE OF d
        )
        -- Where the sweeper has queued it again and nobody has taken it yet, the claim is taken up again.
        UPDATE deliveries d
        SET state = 'delivering', lease_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
        FROM held WHERE d.id = held.id
        RETURNING d.claim_token AS token`.pipe(
        guarded,
        Effect.flatMap(tokenRows)
      )
      return new Set(renewed.map((_) => _.token))
    }),

    giveBack: Effect.fn("ClaimStore.giveBack")(function*({ deliveryId, token }) {
      yield* guarded(sql`
        UPDATE deliveries
        SET state = 'queued', queued_at = now(), claim_token = NULL, lease_until = NULL, updated_at = now()
        WHERE id = ${deliveryId} AND claim_token = ${token} AND state IN ('delivering', 'queued')`)
    })
  })
})

/** Of several messages for one delivery the newest: a statement that changes a row cannot look at it twice. */
const newest = (claims: ReadonlyArray<Claim>): ReadonlyArray<Claim> => {
  const foremost = new Map<string, Claim>()
  for (const claim of claims) {
    const known = foremost.get(claim.deliveryId)
    if (known === undefined || byAge(claim, known) > 0) foremost.set(claim.deliveryId, claim)
  }
  return [...foremost.values()]
}

const byAge = Order.combine(
  Order.mapInput(Order.number, (claim: Claim) => claim.generation),
  Order.mapInput(Order.number, (claim: Claim) => claim.attempt)
)

const Nothing = Schema.Struct({
  message: Schema.String,
  busy: Schema.Boolean,
  next: Schema.Literal(null, "held", "cancelled")
})

const claimRows = rows(Schema.Union(
  Schema.Struct({ ...Nothing.fields, next: Schema.Literal("delivering"), ...Work.fields }),
  Nothing
))
const bodyRows = rows(Schema.Struct({ body: Schema.Uint8ArrayFromSelf }))
const tokenRows = rows(Schema.Struct({ token: Schema.String }))
