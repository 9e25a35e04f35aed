-- Version 4: events stand in the order in which they were accepted, of whatever site, so that a commit writes at the end of
-- one table alone. What stood in for a second index of a conversation, a link from each event to the one before, and now
-- and then a mark, does so for a site's log too.

ALTER TABLE event RENAME TO former_event;
DROP TABLE mark;
DROP INDEX event_id;

CREATE TABLE event (
    place INTEGER PRIMARY KEY,  -- in the order of all sites; never used again
    site INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    site_prev INTEGER NOT NULL, -- place of the site's previous event, 0 for none
    conversation INTEGER NOT NULL,
    seq INTEGER,
    prev INTEGER NOT NULL,      -- place of the conversation's previous event, 0 for none
    id BLOB NOT NULL,
    author INTEGER NOT NULL,    -- -1 the server, 0 the visitor, otherwise the agent
    name TEXT,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);
-- Version 7 UUIDs follow time, so this index grows at its end; made after the rows it would need room for sorting in
-- the system's folder for temporary files.
CREATE INDEX event_id ON event (id);

-- Every 64th event of a conversation: where a walk along the links may begin.
CREATE TABLE mark (
    conversation INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    place INTEGER NOT NULL,
    seq INTEGER NOT NULL, -- the conversation's newest at that event
    PRIMARY KEY (conversation, offset)
) WITHOUT ROWID;

-- Every 64th event of a site.
CREATE TABLE site_mark (
    site INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (site, offset)
) WITHOUT ROWID;

ALTER TABLE site ADD COLUMN first_offset INTEGER NOT NULL DEFAULT 1; -- the smallest that is kept; one more than the last for none
ALTER TABLE site ADD COLUMN last_offset INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN last_place INTEGER NOT NULL DEFAULT 0;

ALTER TABLE conversation ADD COLUMN last_place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN newest_place INTEGER NOT NULL DEFAULT 0; -- of the newest event that the visitor may see
ALTER TABLE conversation DROP COLUMN newest_offset;
