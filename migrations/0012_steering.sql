-- Operators look for the few among the many, the newest first. Only deliveries that fail or are held pay for these.
CREATE INDEX events_unrouted_of_integration ON events (integration_id, id) WHERE unrouted;

-- The same rows in the order of their events. Said in another way, so that no other query takes these for its own.
CREATE INDEX deliveries_held_events ON deliveries (event_id) WHERE held_at > '-infinity';
CREATE INDEX deliveries_failed_events ON deliveries (event_id) WHERE failed_at > '-infinity';
CREATE INDEX deliveries_failed_events_of_integration ON deliveries (integration_id, event_id) WHERE failed_at > '-infinity';
