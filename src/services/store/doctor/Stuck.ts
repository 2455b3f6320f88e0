import { Either } from "effect"
import { ago, type Check, interval, markerPublished, oldest, utc } from "./Check.ts"

const replay = "POST /api/v1/events/{id}/replay delivers an event again, in whatever state its deliveries are; with " +
  "destinationId it is one of them."

const sweeperLog = "A worker's log tells what hinders it, as \"Sweeping failed\" or \"could not be queued\"."

const pending: Check = {
  id: "pending-too-long",
  title: "Deliveries that were never queued",
  severity: "critical",
  meaning:
    "These deliveries stand in the database, but RabbitMQ never confirmed a message for them, and the sweeper, " +
    "which queues such deliveries, has not done so.",
  advice: `Look at GET /api/v1/health: RabbitMQ must be up and take messages. ${sweeperLog} ${replay}`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT d.id::text AS subject, 'pending, event ' || event_id || ', due since ' || ${utc(sql, "due_at")} AS detail
      FROM ${oldest(sql, view)} AS d
      WHERE state = 'pending' AND due_at < ${ago(sql, view.graces.pending)}`)
}

const leaseExpired: Check = {
  id: "lease-expired",
  title: "Deliveries of a worker that is gone",
  severity: "critical",
  meaning: "A worker claimed these deliveries and then died or froze. Their leases ended long ago, and although the " +
    "sweeper's marker has come back since, nobody has taken them over.",
  advice: `${sweeperLog} ${replay}`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT d.id::text AS subject,
        'delivering, event ' || event_id || ', lease until ' || ${utc(sql, "lease_until")} AS detail
      FROM ${oldest(sql, view)} AS d
      WHERE state = 'delivering'
        AND lease_until < ${markerPublished(sql)} - ${interval(sql, view.graces.beforeMarker)}`)
}

const retryOverdue: Check = {
  id: "retry-overdue",
  title: "Retries that never came",
  severity: "critical",
  meaning:
    "The delay of these retries is over, and everything that was queued at that time has been handed out, but not " +
    "these. Their messages are lost, and the sweeper has not queued them again.",
  advice: `${sweeperLog} ${replay}`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT d.id::text AS subject, 'retrying, event ' || event_id || ', due since ' || ${utc(sql, "due_at")} AS detail
      FROM ${oldest(sql, view)} AS d
      WHERE state = 'retrying' AND due_at < ${markerPublished(sql)} - ${interval(sql, view.graces.retry)}`)
}

const messageLost: Check = {
  id: "message-lost",
  title: "Queued deliveries whose message is lost",
  severity: "critical",
  meaning:
    "RabbitMQ confirmed a message for each of these, and everything that was queued at that time has been handed " +
    "out, but not these. Somebody purged the queue or it lost its data, and the sweeper has not queued them again.",
  advice: `${sweeperLog} ${replay}`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT d.id::text AS subject, 'queued, event ' || event_id || ', since ' || ${utc(sql, "queued_at")} AS detail
      FROM ${oldest(sql, view)} AS d
      WHERE state = 'queued' AND queued_at < ${markerPublished(sql)} - ${interval(sql, view.graces.beforeMarker)}`)
}

// One whose other deliveries are open gets what is held for it bit by bit, or is tried now and then.
const heldTooLong: Check = {
  id: "held-too-long",
  title: "Active destinations whose deliveries stay held",
  severity: "warning",
  meaning:
    "Deliveries wait for these destinations, which have been active for long, or were deleted, and none is under " +
    "way to them. The sweeper should have released or cancelled what waits.",
  advice: `${sweeperLog} POST /api/v1/destinations/{id}/resume releases what is held for one that is paused. ${replay}`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT destination.id::text AS subject,
        'delivery ' || held.id || ', event ' || held.event_id || ', held since ' ||
          ${utc(sql, "held.held_at")} AS detail
      FROM destinations destination, LATERAL (
        SELECT id, event_id, held_at FROM deliveries
        WHERE destination_id = destination.id AND held_at IS NOT NULL
        ORDER BY id LIMIT 1
      ) AS held
      WHERE (destination.status = 'active' OR destination.deleted_at IS NOT NULL)
        AND destination.updated_at < ${ago(sql, view.graces.held)}
        AND held.held_at < ${ago(sql, view.graces.held)}
        AND NOT EXISTS (
          SELECT FROM destination_troubles trouble
          WHERE trouble.destination_id = destination.id AND trouble.opened_at IS NOT NULL
        )
        AND destination.id NOT IN (
          SELECT destination_id FROM (
            SELECT destination_id FROM deliveries WHERE due_at IS NOT NULL
            ORDER BY due_at DESC, id DESC LIMIT ${view.windows.oldest}
          ) AS under_way
        )`)
}

const replayStuck: Check = {
  id: "replay-stuck",
  title: "Replays that do not move",
  severity: "warning",
  meaning: "An operator asked for these replays, and no worker has carried them out, or one of many events or dead " +
    "deliveries has stopped on its way.",
  advice:
    `GET /api/v1/queues shows whether the replay queue has a consumer. ${sweeperLog} The deliveries themselves are ` +
    "as they were; once the cause is gone the replay goes on by itself, from where it is. POST " +
    "/api/v1/replays/{id}/cancel ends it.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject,
        status || ', ' || done + skipped || ' of ' || total || ', since ' || ${utc(sql, "updated_at")} AS detail
      FROM replays
      WHERE status IN ('queued', 'running') AND updated_at < ${ago(sql, view.graces.replay)}
        AND coalesce(next_slice_at < ${ago(sql, view.graces.replay)}, true)
      ORDER BY updated_at LIMIT ${view.windows.oldest}`)
}

export const stuck: ReadonlyArray<Check> = [pending, messageLost, retryOverdue, leaseExpired, heldTooLong, replayStuck]
