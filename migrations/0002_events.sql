-- One accepted webhook. Slim, because every intake looks up its dedupe key here.
CREATE TABLE events (
  id uuid PRIMARY KEY,
  integration_id uuid NOT NULL,
  dedupe_key text NOT NULL,
  provider_event_id text,
  type text,
  content_type text,
  size integer NOT NULL,
  duplicates integer NOT NULL DEFAULT 0,
  unrouted boolean NOT NULL,
  received_at timestamptz NOT NULL,
  CONSTRAINT events_dedupe_key UNIQUE (integration_id, dedupe_key)
) WITH (fillfactor = 90);

-- Ids are UUIDv7, so each of these is also in the order of time.
CREATE INDEX events_integration ON events (integration_id, id);
CREATE INDEX events_type ON events (type, id);
CREATE INDEX events_unrouted ON events (id) WHERE unrouted;

-- The exact bytes and headers, by day, so that keeping less is dropping partitions. Found by event id and day together.
CREATE TABLE event_bodies (
  event_id uuid NOT NULL,
  received_at timestamptz NOT NULL,
  path text NOT NULL,
  query text NOT NULL,
  headers json NOT NULL,
  sealed_headers text,
  body bytea NOT NULL,
  PRIMARY KEY (event_id, received_at)
) PARTITION BY RANGE (received_at);

COMMENT ON COLUMN event_bodies.sealed_headers IS 'an envelope with the headers that are secrets themselves';

-- What is received is mostly compressed already or too small to gain from it.
ALTER TABLE event_bodies ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE event_bodies_default PARTITION OF event_bodies DEFAULT;
