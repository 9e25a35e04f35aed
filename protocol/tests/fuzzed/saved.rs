//! Any bytes as what a client had saved: an error, or a client that works.

use holdfast_protocol::client::{Agent, Client, Output, Saved, Visitor};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use super::frames::Audible;
use super::honest::Honest;

pub(crate) fn run(bytes: &[u8]) {
    check::<Visitor>(bytes);
    check::<Agent>(bytes);
}

fn check<A: Audible>(bytes: &[u8]) {
    let Ok(saved) = serde_json::from_slice::<Saved<A>>(bytes) else {
        return;
    };
    let written = serde_json::to_string(&saved).unwrap();
    let again: Saved<A> = serde_json::from_str(&written).unwrap();
    assert_eq!(again, saved, "{written}");
    let kept = saved.outbox.iter().filter(|entry| entry.failed.is_some());
    let (waiting, failed) = (saved.outbox.len(), kept.count());
    let mut client = Client::new(A::greeting(0), saved, 1, Millis(0));
    deliver(&mut client, 4 * waiting + 8);
    assert_eq!(client.outbox().len(), failed, "what can be sent was sent");
}

/// Lets an honest server serve the client until both are silent.
fn deliver<A: Audible>(client: &mut Client<A>, most: usize) {
    let mut server = Honest::default();
    let mut line = None;
    for _ in 0..most {
        while let Some(output) = client.poll_output() {
            match output {
                Output::Event(_) | Output::Save => {}
                Output::Dial(dialled) => {
                    line = Some(dialled);
                    client.handle_opened(dialled, Millis(0));
                }
                Output::Close(closed) => assert_ne!(line, Some(closed), "an honest server is left"),
                Output::Transmit(line, up) => {
                    for down in server.hear::<A>(&up) {
                        client.handle_frame(line, down, Millis(0));
                    }
                }
            }
        }
        let Some((line, down)) = line.zip(server.read_on::<A>(limits::CHUNK_EVENTS)) else {
            return;
        };
        client.handle_frame(line, down, Millis(0));
    }
}
