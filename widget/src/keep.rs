//! What is kept for the next page and the next tab: the tab's state as one value, the visitor's token.

use holdfast_protocol::client::{Client, Visitor};
use holdfast_protocol::compact;
use web_sys::Window;

use crate::app::{Model, SavedTab, SavedTabRef};
use crate::options::Options;
use crate::storage::Area;

/// The storage of one site's widget.
pub(crate) struct Keep {
    tab: Area,
    shared: Area,
    state_key: String,
    token_key: String,
    is_tab_only: bool,
    /// The token that was stored when this tab last looked.
    known: Option<String>,
}

impl Keep {
    pub(crate) fn new(window: &Window, options: &Options) -> Self {
        Self::of(Area::session(window), Area::local(window), options)
    }

    fn of(tab: Area, shared: Area, options: &Options) -> Self {
        let state_key = ["holdfast:", &options.site].concat();
        Self {
            tab,
            shared,
            token_key: [&state_key, ":token"].concat(),
            state_key,
            is_tab_only: options.is_tab_only,
            known: None,
        }
    }

    /// The tab's state, and the token of the visitor who uses it.
    pub(crate) fn load(&mut self) -> (SavedTab, Option<String>) {
        let state = self.tab.get(&self.state_key);
        let state: SavedTab = state
            .and_then(|text| compact::read(&text))
            .unwrap_or_default();
        self.known = self.stored_token();
        let token = self.known.clone().or_else(|| state.token.clone());
        (state, token)
    }

    /// Writes the tab's state in one write. A storage that is full gets it without what the server can
    /// give again.
    pub(crate) fn save(&self, model: &Model, client: &Client<Visitor>) {
        let state = SavedTabRef::new(model, client.saved(), client.greeting().token.as_deref());
        if !self.write(&state) {
            self.write(&state.without_events());
        }
    }

    /// Keeps the token of a welcome. Where another tab of the same visitor was given another one in the
    /// meantime, that one holds, and is returned.
    pub(crate) fn adopt(&mut self, token: &str) -> Option<String> {
        let stored = self.stored_token();
        if stored.as_deref() == Some(token) {
            self.known = stored;
            return None;
        }
        if stored.is_some() && stored != self.known {
            self.known.clone_from(&stored);
            return stored;
        }
        self.area().set(&self.token_key, token);
        self.known = Some(token.to_owned());
        None
    }

    /// The token that another tab has just stored under `key`, where it is not `own`.
    pub(crate) fn replaced(&mut self, key: Option<&str>, own: Option<&str>) -> Option<String> {
        let stored = self.stored_token();
        if key != Some(&self.token_key) || stored.as_deref() == own {
            return None;
        }
        self.known.clone_from(&stored);
        stored
    }

    fn write(&self, state: &SavedTabRef<'_>) -> bool {
        self.tab.set(&self.state_key, &compact::write(state))
    }

    fn stored_token(&self) -> Option<String> {
        self.area()
            .get(&self.token_key)
            .filter(|token| !token.is_empty())
    }

    fn area(&self) -> &Area {
        if self.is_tab_only {
            &self.tab
        } else {
            &self.shared
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::client::{Saved, VisitorGreeting};
    use holdfast_protocol::time::Millis;

    use super::*;

    fn keep(is_tab_only: bool) -> Keep {
        let options = Options {
            site: "demo".to_owned(),
            reach: String::new(),
            socket: String::new(),
            position: "right",
            theme: "auto",
            is_tab_only,
        };
        Keep::of(Area::memory(), Area::memory(), &options)
    }

    fn another_tab_stores(keep: &Keep, token: &str) {
        keep.area().set(&keep.token_key, token);
    }

    #[test]
    fn the_first_welcome_makes_the_token() {
        let mut keep = keep(false);
        assert_eq!(keep.load().1, None);
        assert_eq!(keep.adopt("mine"), None);
        assert_eq!(keep.load().1.as_deref(), Some("mine"));
        assert_eq!(keep.tab.get(&keep.token_key), None);
    }

    #[test]
    fn a_token_that_another_tab_got_meanwhile_holds() {
        let mut keep = keep(false);
        keep.load();
        another_tab_stores(&keep, "theirs");
        assert_eq!(keep.adopt("mine").as_deref(), Some("theirs"));
        assert_eq!(keep.adopt("theirs"), None);
    }

    #[test]
    fn a_token_that_the_server_no_longer_takes_is_replaced() {
        let mut keep = keep(false);
        another_tab_stores(&keep, "old");
        assert_eq!(keep.load().1.as_deref(), Some("old"));
        assert_eq!(keep.adopt("new"), None);
        assert_eq!(keep.load().1.as_deref(), Some("new"));
    }

    #[test]
    fn only_another_token_is_news() {
        let mut keep = keep(false);
        another_tab_stores(&keep, "theirs");
        let key = keep.token_key.clone();
        assert_eq!(keep.replaced(Some("basket"), Some("mine")), None);
        assert_eq!(keep.replaced(Some(&key), Some("theirs")), None);
        assert_eq!(
            keep.replaced(Some(&key), Some("mine")).as_deref(),
            Some("theirs")
        );
    }

    #[test]
    fn a_tabs_identity_stays_in_the_tab() {
        let mut keep = keep(true);
        keep.load();
        keep.adopt("mine");
        assert_eq!(keep.shared.get(&keep.token_key), None);
        assert_eq!(keep.load().1.as_deref(), Some("mine"));
    }

    #[test]
    fn a_tab_whose_shared_token_was_cleared_is_still_itself() {
        let mut keep = keep(false);
        let greeting = VisitorGreeting {
            token: Some("mine".to_owned()),
            ..VisitorGreeting::default()
        };
        let client = Client::new(greeting, Saved::default(), 1, Millis(0));
        keep.save(&Model::default(), &client);
        assert_eq!(keep.load().1.as_deref(), Some("mine"));
    }

    #[test]
    fn a_state_that_is_no_state_is_left_alone() {
        let mut keep = keep(false);
        keep.tab.set(&keep.state_key, "{\"open\":3");
        let (state, token) = keep.load();
        assert_eq!(token, None);
        assert_eq!(state.client, Saved::default());
    }
}
