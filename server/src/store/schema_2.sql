-- Version 2: what a site's owner has set, who visitors are to the site, and the tokens whose conversation has become
-- a person's.

ALTER TABLE site ADD COLUMN settings TEXT NOT NULL DEFAULT ''; -- JSON; empty where nothing was set
ALTER TABLE site ADD COLUMN identity_key TEXT;                 -- as it is printed; drawn when it is first asked for
ALTER TABLE site ADD COLUMN requires_identity INTEGER NOT NULL DEFAULT 0;

CREATE TABLE alias (
    site INTEGER NOT NULL REFERENCES site,
    visitor BLOB NOT NULL, -- of a token
    person BLOB NOT NULL,  -- whose conversation theirs has become
    PRIMARY KEY (site, visitor)
) WITHOUT ROWID;
