-- Replays of many events or dead deliveries, carried out slice by slice. They are running from their request on, so that a
-- worker of the revision before leaves them alone.
ALTER TABLE replays
  ADD COLUMN scope jsonb,
  ADD COLUMN rate_per_second integer CHECK (rate_per_second > 0),
  ADD COLUMN skipped integer NOT NULL DEFAULT 0,
  ADD COLUMN deliveries integer NOT NULL DEFAULT 0,
  ADD COLUMN slice integer NOT NULL DEFAULT 0,
  ADD COLUMN reached uuid,
  ADD COLUMN until uuid,
  ADD COLUMN next_slice_at timestamptz;

COMMENT ON COLUMN replays.scope IS 'kind and filter of what is replayed; NULL: the one event';
COMMENT ON COLUMN replays.deliveries IS 'how many got a new generation, where there is a scope';
COMMENT ON COLUMN replays.slice IS 'the number of the next slice: a message that names another one is stale';
COMMENT ON COLUMN replays.reached IS 'the last event, or dead delivery, that was looked at';
COMMENT ON COLUMN replays.until IS 'the last one that was there when the replay was requested';

CREATE INDEX replays_status ON replays (status, id);

-- What ended without success is rare, so these cost nothing on the way to a success.
CREATE INDEX deliveries_failed_of_destination ON deliveries (destination_id, id) WHERE failed_at IS NOT NULL;
CREATE INDEX deliveries_failed_of_integration ON deliveries (integration_id, id) WHERE failed_at IS NOT NULL;
