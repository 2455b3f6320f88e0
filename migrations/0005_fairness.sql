-- What a destination can take; NULL: no limit of its own.
ALTER TABLE destinations
  ADD COLUMN concurrency integer CHECK (concurrency > 0),
  ADD COLUMN rate_limit_per_minute integer CHECK (rate_limit_per_minute > 0);

-- A row for each destination whose last attempt failed, and only as long as that is so: a healthy one costs no write.
-- Its breaker is open while opened_at is set.
CREATE TABLE destination_troubles (
  destination_id uuid PRIMARY KEY,
  failures integer NOT NULL,
  failing_since timestamptz NOT NULL DEFAULT now(),
  opened_at timestamptz,
  probe_at timestamptz
) WITH (fillfactor = 50);

COMMENT ON COLUMN destination_troubles.failures IS 'attempts that failed since the last success';
COMMENT ON COLUMN destination_troubles.probe_at IS 'when one delivery may try a destination whose breaker is open';
