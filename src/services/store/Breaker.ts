import type { SqlClient, Statement } from "@effect/sql"
import { Duration } from "effect"
import type { BreakerPolicy } from "../Settings.ts"

/**
 * Expressions of a statement that note what attempts say of their destinations. They read `moved`: one row for each
 * recorded attempt, with `destination_id`, the delivery's new `state`, and whether the failure is to be `blamed` on the
 * destination. A success forgets all trouble; failures add up until the breaker opens.
 */
export const note = (sql: SqlClient.SqlClient, policy: BreakerPolicy): Statement.Fragment => {
  const interval = (duration: Duration.Duration) =>
    sql`${Duration.toMillis(duration)}::float8 * interval '1 millisecond'`
  const opened = sql`coalesce(trouble.opened_at, CASE
    WHEN trouble.failures + excluded.failures >= ${policy.failures}
      AND trouble.failing_since <= now() - ${interval(policy.failingFor)} THEN now()
  END)`

  return sql`
    results AS (
      SELECT destination_id, bool_or(state = 'delivered') AS healthy, (count(*) FILTER (WHERE blamed))::int AS failed
      FROM moved GROUP BY destination_id
    ), troubled AS (
      SELECT trouble.destination_id, results.healthy
      FROM destination_troubles trouble JOIN results USING (destination_id)
      WHERE results.healthy OR results.failed > 0
      ORDER BY trouble.destination_id
      FOR UPDATE OF trouble
    ), healed AS (
      DELETE FROM destination_troubles trouble USING troubled
      WHERE trouble.destination_id = troubled.destination_id AND troubled.healthy
    ), worsened AS (
      INSERT INTO destination_troubles AS trouble (destination_id, failures)
      SELECT destination_id, failed FROM results
      -- Counted first, so that the rows that are there are locked in their order before others are added in theirs.
      WHERE NOT healthy AND failed > 0 AND (SELECT count(*) FROM troubled) >= 0
      ORDER BY destination_id
      ON CONFLICT (destination_id) DO UPDATE SET
        failures = trouble.failures + excluded.failures,
        opened_at = ${opened},
        -- The longer it has been open, the longer until it is tried again.
        probe_at = CASE WHEN ${opened} IS NOT NULL THEN now() + least(
          greatest(now() - ${opened}, ${interval(policy.probeAfter)}), ${interval(policy.probeAtMost)}
        ) END
    )`
}
