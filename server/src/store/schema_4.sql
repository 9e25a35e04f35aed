-- Version 4: an event's key is one number. SQLite keeps a table by such a number as a tree whose upper pages hold numbers
-- alone, where a key of two columns makes them of whole rows: ten million events lie four pages deep instead of six.

CREATE TABLE event_by_place (
    place INTEGER PRIMARY KEY, -- the site * 2^40 + the offset in the site's log
    conversation INTEGER NOT NULL,
    seq INTEGER,
    prev INTEGER NOT NULL,     -- offset of the conversation's previous event, 0 for none
    id BLOB NOT NULL,
    author INTEGER NOT NULL,   -- -1 the server, 0 the visitor, otherwise the agent
    name TEXT,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    offset INTEGER GENERATED ALWAYS AS (place & 1099511627775) VIRTUAL
);
-- Version 7 UUIDs follow time, so this index grows at its end; made after the rows it would need room for sorting in
-- the system's folder for temporary files.
DROP INDEX event_id;
CREATE INDEX event_id ON event_by_place (id);
INSERT INTO event_by_place (place, conversation, seq, prev, id, author, name, at, body)
    SELECT (site << 40) + offset, conversation, seq, prev, id, author, name, at, body
    FROM event ORDER BY site, offset;
DROP TABLE event;
ALTER TABLE event_by_place RENAME TO event;
