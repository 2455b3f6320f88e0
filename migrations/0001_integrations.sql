-- One source of webhooks. Deleting marks: what was received under it stays readable.
CREATE TABLE integrations (
  id uuid PRIMARY KEY,
  slug text NOT NULL,
  name text NOT NULL,
  provider text NOT NULL,
  options jsonb NOT NULL DEFAULT '{}',
  dedupe jsonb,
  event_type jsonb,
  response jsonb,
  rate_limit_per_minute integer CHECK (rate_limit_per_minute > 0),
  rate_limited boolean NOT NULL DEFAULT true,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

CREATE UNIQUE INDEX integrations_slug ON integrations (slug) WHERE deleted_at IS NULL;

COMMENT ON COLUMN integrations.rate_limit_per_minute IS 'NULL: the gateway''s default, unless rate_limited is false';

-- Envelopes: AES-256-GCM under the key whose id they carry.
CREATE TABLE integration_secrets (
  id uuid PRIMARY KEY,
  integration_id uuid NOT NULL REFERENCES integrations (id),
  envelope text NOT NULL,
  hint text NOT NULL,
  valid_from timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz
);

CREATE INDEX integration_secrets_integration ON integration_secrets (integration_id);

CREATE TABLE destinations (
  id uuid PRIMARY KEY,
  integration_id uuid NOT NULL REFERENCES integrations (id),
  url text NOT NULL,
  filter jsonb NOT NULL DEFAULT '{}',
  retry_policy jsonb NOT NULL DEFAULT '{}',
  signature_names text NOT NULL DEFAULT 'webhook' CHECK (signature_names IN ('webhook', 'sluice')),
  signing_envelope text NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

CREATE INDEX destinations_integration ON destinations (integration_id);

-- Grows with every change to the tables above; processes compare it to know when to read them again. A row and not a
-- sequence, so that the new version and the change become visible together; touched at commit, so that two changes never
-- wait for each other's row while holding another.
CREATE TABLE directory_version (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version bigint NOT NULL DEFAULT 0
);

INSERT INTO directory_version DEFAULT VALUES;

CREATE FUNCTION bump_directory_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directory_version SET version = version + 1;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER integrations_changed AFTER INSERT OR UPDATE OR DELETE ON integrations
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_directory_version();
CREATE CONSTRAINT TRIGGER integration_secrets_changed AFTER INSERT OR UPDATE OR DELETE ON integration_secrets
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_directory_version();
CREATE CONSTRAINT TRIGGER destinations_changed AFTER INSERT OR UPDATE OR DELETE ON destinations
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_directory_version();
