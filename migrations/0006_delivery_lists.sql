-- Operators look for what became of one integration's or one destination's deliveries, the newest first.
CREATE INDEX deliveries_of_destination ON deliveries (destination_id, id);
CREATE INDEX deliveries_of_integration ON deliveries (integration_id, id);
