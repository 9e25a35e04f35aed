//! Whether the page is to have a line. Where a browser keeps no page with an open WebSocket for its back button, as
//! Firefox does, a page on which nothing is going on does without, once the server has said that nothing was ever said.

use super::model::Model;

impl Model {
    /// Whether an answer may come, somebody has reached for the chat, or nobody knows yet whether the visitor has a
    /// conversation. `is_owed` is whether something waits to be sent, or to be asked.
    #[must_use]
    pub fn wants_line(&self, is_owed: bool) -> bool {
        let may_be_answered = !self.is_silent || self.transcript.last() > 0;
        self.is_reached || self.is_open || is_owed || may_be_answered
    }
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::client::{ClientEvent, Visitor};
    use holdfast_protocol::event::Receipt;
    use holdfast_protocol::time::Millis;

    use super::super::fixture::{from_visitor, welcome};
    use super::super::{Msg, update};
    use super::*;

    fn take(model: &mut Model, msg: Msg) {
        let _ = update(model, msg, Millis(0));
    }

    fn hear(model: &mut Model, event: ClientEvent<Visitor>) {
        take(model, Msg::Client(event));
    }

    fn welcomed(last: u64) -> Model {
        let mut model = Model::default();
        assert!(model.wants_line(false), "the server was never asked");
        let mut welcome = welcome(Receipt::default(), Receipt::default());
        welcome.last = last;
        let event = ClientEvent::Welcomed {
            welcome,
            restart: true,
        };
        hear(&mut model, event);
        model
    }

    #[test]
    fn where_nothing_was_said_there_is_no_line() {
        assert!(!welcomed(0).wants_line(false));
    }

    #[test]
    fn a_conversation_has_one_even_before_it_is_read() {
        assert!(welcomed(3).wants_line(false));
    }

    #[test]
    fn a_message_has_one_from_its_writing_on() {
        let mut model = welcomed(0);
        assert!(model.wants_line(true));
        let events = ClientEvent::Events {
            events: vec![from_visitor(1, "hello")],
            acked: Vec::new(),
        };
        hear(&mut model, events);
        assert!(model.wants_line(false));
    }

    #[test]
    fn an_open_panel_has_one() {
        let mut model = welcomed(0);
        take(
            &mut model,
            Msg::Open {
                is_by_person: false,
            },
        );
        assert!(model.wants_line(false));
        take(&mut model, Msg::Close);
        assert!(!model.wants_line(false));
    }

    #[test]
    fn who_has_reached_for_the_chat_has_one_and_keeps_it() {
        let mut model = welcomed(0);
        take(&mut model, Msg::Reached);
        assert!(model.wants_line(false));
        assert!(Model::default().in_place_of(model).is_reached);
    }

    #[test]
    fn who_hears_of_another_tabs_message_while_being_welcomed_keeps_the_line() {
        let mut model = Model::default();
        // What that tab has stored was seen here before the server, which had not heard of it yet, has said so.
        take(&mut model, Msg::Reached);
        let mut welcome = welcome(Receipt::default(), Receipt::default());
        welcome.last = 0;
        let event = ClientEvent::Welcomed {
            welcome,
            restart: true,
        };
        hear(&mut model, event);
        assert!(model.wants_line(false), "its message would not arrive");
        let events = ClientEvent::Events {
            events: vec![from_visitor(1, "from the other tab")],
            acked: Vec::new(),
        };
        hear(&mut model, events);
        assert!(model.wants_line(false));
    }

    #[test]
    fn who_may_have_become_somebody_with_a_conversation_asks_again() {
        let mut model = welcomed(0);
        model.is_silent = false;
        assert!(model.wants_line(false));
    }
}
