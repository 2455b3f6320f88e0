import { Either, Option } from "effect"
import { underWay } from "../../../domain/doctor/Depths.ts"
import { leadership } from "../SweepStore.ts"
import { ago, type Check, oldest, utc } from "./Check.ts"

/** Further messages for a delivery, such as those of an attempt that was overtaken, are stale and do no harm. */
const messagesForEach = 2
const messagesBeside = 1_000

const queuedNowhere: Check = {
  id: "queued-but-queues-empty",
  title: "Queued deliveries while the queues are empty",
  severity: "critical",
  meaning:
    "The database says that these deliveries have a message in RabbitMQ, but the process queue, the retry queue " +
    "and its delays are empty, and no worker can have had them in hand for so long. The queues were purged or lost their data.",
  advice: "With a worker running, the sweeper notices within a minute and queues them again: run npm run doctor once " +
    "more. If they stay, compare RABBITMQ_URL and the queue names here with the workers', and read a worker's log.",
  query: (sql, view) =>
    Either.map(view.depths, (depths) =>
      sql`
      SELECT d.id::text AS subject, 'queued, event ' || event_id || ', since ' || ${utc(sql, "queued_at")} AS detail
      FROM ${oldest(sql, view)} AS d
      WHERE ${underWay(depths)}::int = 0 AND state = 'queued' AND queued_at < ${ago(sql, view.graces.inHand)}`)
}

const storm: Check = {
  id: "message-storm",
  title: "Far more messages than open deliveries",
  severity: "warning",
  meaning:
    "The process queue, the retry queue and its delays hold far more messages than the open deliveries and the recent " +
    "replays account for. Messages are being multiplied, or circle through a delay; workers acknowledge each in vain.",
  advice: "GET /api/v1/queues shows which queue it is, and asked again whether it grows. Purging the process queue, " +
    "the retry queue and its delays with RabbitMQ's own tools loses no delivery: the sweeper queues what is open again.",
  query: (sql, view) =>
    Either.map(view.depths, (depths) =>
      sql`
      SELECT 'process queue, retry queue and its delays' AS subject,
        ${underWay(depths)}::int || ' messages, ' || open.count || ' open deliveries' AS detail
      FROM (
        SELECT count(*) FROM (SELECT FROM deliveries WHERE due_at IS NOT NULL LIMIT ${view.windows.counted}) AS open
      ) AS open, (
        SELECT coalesce(sum(total), 0) AS count
        FROM (SELECT greatest(total, deliveries) AS total, updated_at FROM replays ORDER BY id DESC LIMIT ${view.windows.recent}) AS replay
        WHERE updated_at > ${ago(sql, view.graces.stale)}
      ) AS replayed
      WHERE open.count < ${view.windows.counted}
        AND ${
        underWay(depths)
      }::int > ${messagesForEach}::int * (open.count + replayed.count) + ${messagesBeside}::int`)
}

const noLeader: Check = {
  id: "no-sweeper",
  title: "Work waits, and no worker sweeps",
  severity: "critical",
  meaning:
    "Deliveries or replays are due, and for long no worker has led the sweeping, so most likely no worker runs at " +
    "all, or none reaches PostgreSQL.",
  advice: "Start a worker (node dist/worker/worker.js, or npm start), or read the log of those that run. GET " +
    "/api/v1/queues shows how many consumers each queue has.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT ${leadership}::text AS subject,
        CASE WHEN leader.until IS NULL THEN 'nobody leads' ELSE 'nobody leads since ' || ${utc(sql, "leader.until")} END
          || ', work waits since ' || ${utc(sql, "work.since")} AS detail
      FROM (
        SELECT least(
          (SELECT due_at FROM deliveries WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1),
          (SELECT updated_at FROM replays WHERE status IN ('queued', 'running') ORDER BY updated_at LIMIT 1)
        ) AS since
      ) AS work
      LEFT JOIN leaderships leader ON leader.name = ${leadership}
      WHERE work.since < ${ago(sql, view.graces.leader)} AND coalesce(leader.until < ${
      ago(sql, view.graces.leader)
    }, true)`)
}

const markersAway: Check = {
  id: "markers-away",
  title: "The sweeper's markers do not come back",
  severity: "critical",
  meaning:
    "The sweeper sends markers through the retry queue and the process queue to learn what they have lost, and none has " +
    "come back for long: a queue is very far behind, or emptied by something that is no worker of this database.",
  advice: "GET /api/v1/queues shows the depth of both queues and their consumers. With many messages and few " +
    "consumers, start more workers or raise WORKER_CONCURRENCY. With none, look for another installation that uses the " +
    "same RABBITMQ_PROCESS_QUEUE or RABBITMQ_RETRY_QUEUE.",
  query: (sql, view) => {
    const empty = Option.exists(
      Either.getRight(view.depths),
      ({ process, retry }) => process.messages + retry.messages === 0
    )
    const grace = empty ? view.graces.marker : view.graces.markerInBacklog
    // One that was sent before the last that is back is overtaken; without a living sweeper none is to be expected.
    return Either.right(sql`
      SELECT 'markers' AS subject, 'none is back that was sent since ' || ${utc(sql, "marker.away")} AS detail
      FROM (
        SELECT min(published_at) FILTER (WHERE returned_at IS NULL AND published_at > coalesce(back.at, '-infinity')) AS away,
          max(published_at) AS sent
        FROM sweep_markers, (SELECT max(published_at) AS at FROM sweep_markers WHERE returned_at IS NOT NULL) AS back
      ) AS marker
      WHERE marker.away < ${ago(sql, grace)} AND marker.sent > ${ago(sql, view.graces.marker)}`)
  }
}

export const queues: ReadonlyArray<Check> = [queuedNowhere, storm, noLeader, markersAway]
