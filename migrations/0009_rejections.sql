-- What named no integration belongs to none, and how large a body is that was not read nobody knows.
ALTER TABLE rejections
  ALTER COLUMN integration_id DROP NOT NULL,
  ALTER COLUMN body_size DROP NOT NULL,
  ADD COLUMN path text NOT NULL DEFAULT '',
  ADD COLUMN suppressed integer NOT NULL DEFAULT 0,
  ADD COLUMN accepted_at timestamptz,
  ADD COLUMN event_id uuid,
  ADD CONSTRAINT rejections_accepted CHECK ((accepted_at IS NULL) = (event_id IS NULL));

COMMENT ON COLUMN rejections.path IS 'what followed the integration in the URL';
COMMENT ON COLUMN rejections.suppressed IS 'how many of the same integration and reason came about then and were not kept';
COMMENT ON COLUMN rejections.event_id IS 'the event that it became when an operator accepted it';

-- Operators look for one reason, and what is kept is bounded for each integration and reason.
CREATE INDEX rejections_of_kind ON rejections (integration_id, reason, id);
CREATE INDEX rejections_reason ON rejections (reason, id);
