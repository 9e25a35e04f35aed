//! What owners set and people write, where it is long, awkward or of every kind: several tests and the gallery need the same.

/// What owners ask before the first message: a field of every kind, which takes the rest of the site's settings before it, as
/// TOML wants its tables last.
pub const QUESTIONS: &str = r#"
[[prechat]]
name = "name"
label = "Your name"
required = true
[[prechat]]
name = "email"
label = "Your e-mail, in case you have to leave"
kind = "email"
[[prechat]]
name = "order"
label = "Which order is it about?"
kind = "long"
[[prechat]]
name = "privacy"
label = "I agree that my data are kept to answer me."
kind = "consent"
required = true
"#;

/// Opening hours of one minute of the week, which this is not, or is over before long.
pub const CLOSED: &str = r#"
timezone = "Pacific/Kiritimati"
[hours]
sunday = ["04:11-04:12"]
"#;

/// Code with a line that is too long.
pub const CODE: &str = "```\nfor (const rope of shop.ropes) {\n\tif (rope.length >= 40) basket.add(rope, { colour: \"red\", \
    quantity: 1 });\n}\n```";

/// A word and an address that fit into no line.
pub const LONG_WORD: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft \
    https://example.com/a/very/long/address/that/nobody/would/type/by/hand?with=parameters&and=more-of-them";

/// A message of several lines and paragraphs.
pub const LONG: &str = "We have it in three lengths, and the forty metres are what most of our customers take: it is \
    long enough for nearly every hall, light enough to be carried home, and it comes with a bag. If you climb \
    outside, have a look at the sixty metres as well. Both are dynamic ropes, tested by the norm, and both can be \
    sent back within thirty days if they are unused.\n\nShall I put one aside for you?";

/// A page's script that says to `Refuse this` what the server says of a message that it can't take: ours takes all that the
/// widget sends.
pub const REJECT: &str = "window.WebSocket = class extends WebSocket {
    send(text) {
        const { send } = JSON.parse(text);
        if (send?.text !== 'Refuse this') return super.send(text);
        const rejected = { id: send.id, code: 'too_long', message: 'the text is too long' };
        const answer = new MessageEvent('message', { data: JSON.stringify({ rejected }) });
        setTimeout(() => this.dispatchEvent(answer));
    }
};";
