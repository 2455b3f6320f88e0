-- An operator's request to deliver again.
CREATE TABLE replays (
  id uuid PRIMARY KEY,
  event_id uuid,
  destination_id uuid,
  destination_ids uuid[] NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'cancelled')),
  total integer NOT NULL,
  done integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN replays.destination_id IS 'the only destination that was asked for; NULL: all that the event has or matches';
COMMENT ON COLUMN replays.destination_ids IS 'where the event is to go, settled when the replay was requested';

CREATE INDEX replays_waiting ON replays (updated_at) WHERE status IN ('queued', 'running');

-- Who did what to what.
CREATE TABLE audit_entries (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  subject_type text NOT NULL,
  subject_id uuid,
  detail jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_entries_subject ON audit_entries (subject_type, subject_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A request that was refused, with what is needed to take it in later; a large body is not kept.
CREATE TABLE rejections (
  id uuid PRIMARY KEY,
  integration_id uuid NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  received_at timestamptz NOT NULL,
  method text NOT NULL,
  url text NOT NULL,
  headers json NOT NULL,
  sealed_headers text,
  body bytea,
  body_size integer NOT NULL
);

CREATE INDEX rejections_integration ON rejections (integration_id, id);

-- Messages that the sweeper lets travel through the process queue: when one is back, whatever was queued before it has
-- been handed out.
CREATE TABLE sweep_markers (
  id uuid PRIMARY KEY,
  published_at timestamptz NOT NULL DEFAULT now(),
  returned_at timestamptz
);

-- Who may sweep now. One row for each kind of work that one worker does for all.
CREATE TABLE leaderships (
  name text PRIMARY KEY,
  holder uuid NOT NULL,
  until timestamptz NOT NULL
);
