-- While a destination's signing secret is rotated it signs by both, until this moment, and then by the next one alone, which
-- takes the other's place once a worker comes by. Until then the older one stays where it was: a process of the revision
-- before this one signs by what every receiver still knows.
ALTER TABLE destinations
  ADD COLUMN next_signing_envelope text,
  ADD COLUMN signing_overlap_until timestamptz,
  ADD CONSTRAINT destinations_rotation CHECK ((next_signing_envelope IS NULL) = (signing_overlap_until IS NULL));

CREATE INDEX destinations_rotation ON destinations (signing_overlap_until) WHERE signing_overlap_until IS NOT NULL;

-- Each filter of the audit's list, the newest first.
CREATE INDEX audit_entries_subject_id ON audit_entries (subject_id, id);
CREATE INDEX audit_entries_subject_type ON audit_entries (subject_type, id);
CREATE INDEX audit_entries_actor ON audit_entries (actor, id);
CREATE INDEX audit_entries_action ON audit_entries (action, id);
