-- A batch marks and claims all deliveries of a page at once. Where each row has room for another version of itself in its page,
-- those updates touch no index; new pages are filled so.
ALTER TABLE deliveries SET (fillfactor = 50);
