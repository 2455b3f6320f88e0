CREATE TABLE sources (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  secret text NOT NULL
);

CREATE TABLE destinations (
  id uuid PRIMARY KEY,
  source_id uuid NOT NULL REFERENCES sources (id),
  url text NOT NULL,
  secret text NOT NULL
);

CREATE TABLE events (
  id uuid PRIMARY KEY,
  source_id uuid NOT NULL,
  dedupe_key text NOT NULL,
  content_type text,
  headers json NOT NULL,
  body bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT events_dedupe_key UNIQUE (source_id, dedupe_key)
);

CREATE TABLE deliveries (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL,
  destination_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'retrying', 'delivered', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT deliveries_once UNIQUE (event_id, destination_id)
) WITH (fillfactor = 90);

CREATE TABLE attempts (
  delivery_id uuid NOT NULL,
  number integer NOT NULL,
  status integer,
  error text,
  duration_ms integer NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
