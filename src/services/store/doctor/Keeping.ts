import { Either } from "effect"
import type { Check } from "./Check.ts"

const defaultRows: Check = {
  id: "default-partition",
  title: "Rows in a default partition",
  severity: "warning",
  meaning:
    "The partition of these rows' day was not there when they were written, because no worker had run for a week, " +
    "or because a clock was far off. They are read as any other, but dropping old partitions does not remove them.",
  advice:
    "Compare the clocks of the API's hosts, and read a worker's log for \"Maintenance failed\". The rows can stay: " +
    "delete them from the default partition by hand once they are too old to be kept.",
  query: (sql, { windows }) =>
    Either.right(sql`
      (
        SELECT 'event_bodies_default' AS subject, 'event ' || event_id AS detail FROM event_bodies_default
        ORDER BY event_id, received_at LIMIT ${windows.recent}
      ) UNION ALL (
        SELECT 'attempts_default', 'delivery ' || delivery_id FROM attempts_default
        ORDER BY delivery_id, generation, number LIMIT ${windows.recent}
      )`)
}

const missing: Check = {
  id: "partition-missing",
  title: "No partition for tomorrow",
  severity: "warning",
  meaning:
    "A worker makes the coming days' partitions every hour, and tomorrow's is not there. From midnight UTC on rows " +
    "go into the default partition. Nothing is lost, but they stay there.",
  advice: "Start a worker, or read the log of those that run for \"Maintenance failed\". By hand: " +
    "SELECT ensure_partitions(7) in the database.",
  query: (sql) =>
    Either.right(sql`
      SELECT expected.name AS subject, 'does not exist, or is not attached' AS detail
      FROM (
        SELECT parent, parent || to_char((now() AT TIME ZONE 'UTC')::date + 1, '_YYYYMMDD') AS name
        FROM unnest(ARRAY['event_bodies', 'attempts']) AS parent
      ) AS expected
      WHERE NOT EXISTS (
        SELECT FROM pg_inherits
        WHERE inhparent = to_regclass(expected.parent) AND inhrelid = to_regclass(expected.name)
      )`)
}

const unknownKey: Check = {
  id: "unknown-key",
  title: "Secrets sealed with a key that is not given",
  severity: "critical",
  meaning:
    "These secrets were encrypted with a key whose id is not in ENCRYPTION_KEYS, so nobody can read them: webhooks " +
    "of such an integration are refused, deliveries to such a destination fail.",
  advice:
    "Put the key back into ENCRYPTION_KEYS, behind the others, for this doctor and for every role. If the key is " +
    "lost, make the integration or the destination anew.",
  query: (sql, { keyIds, windows }) =>
    Either.map(keyIds, (ids) =>
      sql`
      SELECT place || ' ' || id AS subject, 'key ' || key AS detail
      FROM (
        (
          SELECT 'secret' AS place, s.id, split_part(envelope, '.', 2) AS key
          FROM integration_secrets s JOIN integrations i ON i.id = s.integration_id
          WHERE i.deleted_at IS NULL AND coalesce(s.valid_until > now(), true)
        ) UNION ALL (
          SELECT 'verify token', id, split_part(verify_token_envelope, '.', 2) FROM integrations
          WHERE deleted_at IS NULL AND verify_token_envelope IS NOT NULL
        ) UNION ALL (
          SELECT 'destination', id, split_part(envelope, '.', 2)
          FROM destinations, unnest(ARRAY[signing_envelope, next_signing_envelope]) AS envelope
          WHERE deleted_at IS NULL AND envelope IS NOT NULL
        ) UNION ALL (
          SELECT 'event', e.id, split_part((
            SELECT sealed_headers FROM event_bodies WHERE event_id = e.id AND event_bodies.received_at = e.received_at
          ), '.', 2)
          FROM (SELECT id, received_at FROM events ORDER BY id DESC LIMIT ${windows.recent}) AS e
        )
      ) AS sealed
      WHERE key <> ALL (${ids}::text[])`)
}

export const keeping: ReadonlyArray<Check> = [defaultRows, missing, unknownKey]
