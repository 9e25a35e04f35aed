-- Version 1; later versions are steps from it. Rows cluster by time: an event's key is its place in the site's log, and a link to the
-- conversation's previous event stands in for a second index, so that a commit dirties few pages.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE site (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE agent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site INTEGER NOT NULL REFERENCES site,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL UNIQUE,
    removed INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site INTEGER NOT NULL REFERENCES site,
    visitor BLOB NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_offset INTEGER NOT NULL,
    newest_offset INTEGER NOT NULL, -- of the newest event that the visitor may see
    events INTEGER NOT NULL,        -- of all kinds, ever
    is_open INTEGER NOT NULL,
    assigned INTEGER,
    facts TEXT NOT NULL,
    visitor_delivered INTEGER NOT NULL,
    visitor_read INTEGER NOT NULL,
    agents_delivered INTEGER NOT NULL,
    agents_read INTEGER NOT NULL
);
CREATE UNIQUE INDEX conversation_visitor ON conversation (site, visitor);
-- Changes when a conversation opens or closes, and not with every message.
CREATE INDEX conversation_open ON conversation (site, id) WHERE is_open = 1;

CREATE TABLE event (
    site INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    seq INTEGER,
    prev INTEGER NOT NULL,   -- offset of the conversation's previous event, 0 for none
    id BLOB NOT NULL,
    author INTEGER NOT NULL, -- -1 the server, 0 the visitor, otherwise the agent
    name TEXT,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (site, offset)
) WITHOUT ROWID;
-- Version 7 UUIDs follow time, so this index grows at its end.
CREATE INDEX event_id ON event (id);

-- Every 64th event of a conversation: where a walk along the links may begin.
CREATE TABLE mark (
    conversation INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    seq INTEGER NOT NULL, -- the conversation's newest at that event
    PRIMARY KEY (conversation, offset)
) WITHOUT ROWID;
