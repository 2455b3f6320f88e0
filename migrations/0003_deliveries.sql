-- One event on its way to one destination. No foreign keys on the tables that every webhook writes: each would lock a
-- row that all of them share.
CREATE TABLE deliveries (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL,
  event_received_at timestamptz NOT NULL,
  integration_id uuid NOT NULL,
  destination_id uuid NOT NULL,
  state text NOT NULL CHECK (
    state IN ('pending', 'queued', 'delivering', 'retrying', 'held', 'delivered', 'dead', 'cancelled')
  ),
  generation integer NOT NULL DEFAULT 1,
  next_attempt integer NOT NULL DEFAULT 1,
  attempt_count integer NOT NULL DEFAULT 0,
  replay_id uuid,
  due_at timestamptz,
  queued_at timestamptz,
  held_at timestamptz,
  failed_at timestamptz,
  claim_token uuid,
  lease_until timestamptz,
  last_error text,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT deliveries_once UNIQUE (event_id, destination_id)
) WITH (fillfactor = 80);

COMMENT ON COLUMN deliveries.due_at IS 'when it is to go on by itself; NULL once it has ended, or while it is held';
COMMENT ON COLUMN deliveries.queued_at IS 'when the broker last confirmed a message for it';
COMMENT ON COLUMN deliveries.held_at IS 'set while it is held';
COMMENT ON COLUMN deliveries.failed_at IS 'set when it ended without success';

-- None of these indexes names a column that the way from pending over queued to delivering changes, so those updates
-- stay within their page and touch no index.
CREATE INDEX deliveries_due ON deliveries (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_held ON deliveries (destination_id, id) WHERE held_at IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (id) WHERE failed_at IS NOT NULL;

-- One HTTP call.
CREATE TABLE attempts (
  delivery_id uuid NOT NULL,
  generation integer NOT NULL,
  number integer NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
  http_status integer,
  error text,
  response_body text,
  recorded_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (recorded_at);

CREATE INDEX attempts_delivery ON attempts (delivery_id, generation, number);

CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;

-- Makes the daily partitions from yesterday to so many days ahead. A day whose rows already stand in the default
-- partition stays there.
-- Attaching lets inserts go on, which CREATE TABLE … PARTITION OF would not.
CREATE FUNCTION ensure_partitions(days_ahead integer) RETURNS void LANGUAGE plpgsql SET lock_timeout = '3s' AS $$
DECLARE
  parent text;
  key text;
  day date;
  child text;
  taken boolean;
BEGIN
  FOR parent, key IN VALUES ('event_bodies', 'received_at'), ('attempts', 'recorded_at') LOOP
    FOR day IN SELECT generate_series(current_date - 1, current_date + days_ahead, interval '1 day')::date LOOP
      child := parent || '_' || to_char(day, 'YYYYMMDD');
      CONTINUE WHEN to_regclass(quote_ident(child)) IS NOT NULL;
      EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= %L AND %I < %L)',
        parent || '_default', key, day::timestamp AT TIME ZONE 'UTC', key, (day + 1)::timestamp AT TIME ZONE 'UTC')
        INTO taken;
      CONTINUE WHEN taken;
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        parent, child, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
  END LOOP;
END $$;

SELECT ensure_partitions(7);
