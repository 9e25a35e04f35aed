//! Every limit of the protocol, each with its reason. Sizes are bytes of UTF-8, spans are [`Millis`].

use crate::time::Millis;

/// The protocol's version. A peer with another one is refused in words, before anything else.
pub const VERSION: u32 = 1;

/// A message's text: a long letter fits, and a reader's screen still holds it.
pub const TEXT_BYTES: usize = 8 * 1024;

/// One frame towards the server: a text whose every byte is escaped (`\u0001`) and its envelope.
pub const UP_FRAME_BYTES: usize = 6 * TEXT_BYTES + 4 * 1024;

/// One frame towards a client: a chunk of events, the last of which may begin just below
/// [`CHUNK_BYTES`].
pub const DOWN_FRAME_BYTES: usize = CHUNK_BYTES + UP_FRAME_BYTES;

/// What a decoder says of a text that is no frame: it goes into logs and into `refused`.
pub const ERROR_BYTES: usize = 512;

/// Events in one frame, and in one read of the log: a slow line gets its first line of text soon.
pub const CHUNK_EVENTS: usize = 64;

/// A chunk ends when its events have this many bytes: what a 2G line carries within a heartbeat.
pub const CHUNK_BYTES: usize = 32 * 1024;

/// What a new tab gets: some screens full; older history is read on demand.
pub const TAIL_EVENTS: u64 = 50;

/// A visitor's cursor may lag by so many events and still be read on; further behind it starts afresh
/// with the tail, since nobody reads hundreds of messages forwards.
pub const VISITOR_RESUME_EVENTS: u64 = 500;

/// The same for an agent's cursor on the site's log: beyond it, a snapshot is the shorter way.
pub const AGENT_RESUME_EVENTS: u64 = 10_000;

/// Conversations in one snapshot frame.
pub const SNAPSHOT_CONVERSATIONS: usize = 50;

/// Events in one answer to a request for history.
pub const HISTORY_EVENTS: u64 = 50;

/// Entries of an outbox: what one person writes in hours without a line, far below the 5 MB that a
/// browser's sessionStorage holds.
pub const OUTBOX_ENTRIES: usize = 200;

/// Entries of an outbox in bytes of text, so that all of it fits into sessionStorage (5 MB of UTF-16).
pub const OUTBOX_BYTES: usize = 512 * 1024;

/// Messages sent and not yet read back. Bounds what the server must hold for one connection.
pub const IN_FLIGHT: usize = 32;

/// A site's name in the tag: letters, digits, `-`, `_`, `.`.
pub const SITE_BYTES: usize = 64;

/// A visitor's or agent's token, in base64url characters.
pub const TOKEN_BYTES: usize = 128;

/// A page's address; longer ones are cut by the widget, at a character.
pub const PAGE_URL_BYTES: usize = 1024;

/// A page's title; longer ones are cut by the widget, at a character.
pub const PAGE_TITLE_BYTES: usize = 256;

/// A language tag (BCP 47); the longest in use has 35 characters.
pub const LOCALE_BYTES: usize = 35;

/// An agent's name as visitors see it.
pub const NAME_BYTES: usize = 64;

/// A site's name for a person: a UUID, a number, an e-mail address of usual length.
pub const IDENTITY_BYTES: usize = 128;

/// A visitor's name: as long as an agent's.
pub const PROFILE_NAME_BYTES: usize = 64;

/// An e-mail address: the longest that mail can go to (RFC 5321).
pub const EMAIL_BYTES: usize = 254;

/// What a site may tell of a visitor beside name and e-mail: what an agent can take in at a glance. With the
/// next two all of it fits into a `hello`, even with every character escaped.
pub const FIELDS: usize = 20;

/// The name of such a field.
pub const FIELD_NAME_BYTES: usize = 40;

/// The value of such a field: a line or two.
pub const FIELD_VALUE_BYTES: usize = 256;

/// A question of the pre-chat form; a consent's takes a sentence or two.
pub const LABEL_BYTES: usize = 512;

/// Greeting and away text of a site: a paragraph.
pub const GREETING_BYTES: usize = 1024;

/// Opening times are looked for in so many days: beyond a year nobody waits for the next one.
pub const OPENS_WITHIN_DAYS: u32 = 366;

/// What a page has tracked: its name.
pub const TRACK_NAME_BYTES: usize = 64;

/// What a page has tracked: more of it.
pub const TRACK_DETAIL_BYTES: usize = 256;

/// What is kept of that: the last steps say why somebody asks.
pub const TRAIL: usize = 10;

/// Frames that are held until there is a line: as many steps of a page as are kept, and what else a page says.
pub const HELD_FRAMES: usize = 2 * TRAIL;

/// What is typed and not sent is shown so far: agents read the beginning, the rest comes with the message.
pub const PREVIEW_BYTES: usize = 1024;

/// The best rating; the worst is 1.
pub const BEST_SCORE: u32 = 5;

/// The handshake must be done in this span, or the line is closed: an open port is no parking place.
pub const HANDSHAKE: Millis = Millis(5_000);

/// A client takes a heartbeat that a server calls shorter for this one, lest it probe without pause.
pub const SHORTEST_BEAT: Millis = Millis(100);

/// A message without its event for so long puts the line under suspicion. With [`PROBE_WAIT`] it is the time until
/// another line is dialled: shorter than the 6.2 s after which TCP, doubling its pauses, repeats for the fifth time
/// what a pulled cable swallowed, so that who writes is back about two seconds after the cable at the latest.
pub const ACK_WAIT: Millis = Millis(3_000);

/// A suspected line must answer a probe in this span, or another one is dialled beside it. A line of
/// 800 ms answers in 1,600.
pub const PROBE_WAIT: Millis = Millis(2_000);

/// The same after a hint: who takes up a phone is promised that all is right in two seconds, and another line is to be
/// had in them, too. On a line that is slower an attempt is made in vain, and the line stays.
pub const HINT_WAIT: Millis = Millis(1_000);

/// The longest pause between two attempts while a person looks on or a message waits. Also the pause after which an attempt that
/// is still under way is joined by another: not later, since all is to be right 3 s after a line is back into which an
/// attempt had gone when it was dead, and not much sooner ([`JOIN_SLACK`]).
pub const EAGER_PAUSE: Millis = Millis(2_500);

/// By up to this part of the pause an attempt under way is joined sooner: a server to which ten thousand come back at once has
/// welcomed nearly all of them after 2 s.
pub const JOIN_SLACK: u64 = 5;

/// The longest pause between two attempts while nobody looks and nothing waits.
pub const CALM_PAUSE: Millis = Millis(30_000);

/// The pause after an attempt that failed; it doubles from there.
pub const FIRST_PAUSE: Millis = Millis(250);

/// The pause after a refusal that only the site's owner can mend.
pub const REFUSED_PAUSE: Millis = Millis(60_000);

/// Hints (online, visible, pageshow) come in bunches: one that follows another so soon joins the attempt that is under way.
/// One that has failed already was too early.
pub const HINT_PAUSE: Millis = Millis(500);

/// An attempt that was not welcomed by then is given up: a line of 800 ms needs eight trips (DNS, TCP,
/// TLS, upgrade, hello).
pub const ATTEMPT_LIFE: Millis = Millis(15_000);

/// Attempts in the air at once: as many as start within [`ATTEMPT_LIFE`] at [`EAGER_PAUSE`].
pub const ATTEMPTS: usize = 6;

/// A line that lived so long proves the server well, and the backoff starts afresh after it.
pub const STABLE: Millis = Millis(5_000);

/// "Is typing" holds so long without being said again.
pub const TYPING_LIFE: Millis = Millis(6_000);

/// "Is typing" is said at most so often.
pub const TYPING_PAUSE: Millis = Millis(3_000);

/// The same with what is typed: quick enough to read along.
pub const PREVIEW_PAUSE: Millis = Millis(1_000);
