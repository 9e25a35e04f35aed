//! What is kept for the next page and the next tab: the tab's state as one value, the visitor's token, and who they are
//! to the site.

use holdfast_protocol::client::{Client, Visitor};
use holdfast_protocol::compact;
use web_sys::Window;

use crate::app::{Model, SavedTab, SavedTabRef};
use crate::person::Person;
use crate::storage::Area;

/// The storage of one site's widget.
pub(crate) struct Keep {
    tab: Area,
    shared: Area,
    state_key: String,
    token_key: String,
    person_key: String,
    /// What waits to be sent by a tab, where it outlasts that: systems kill browsers, and visitors close tabs.
    waiting_key: String,
    /// Names the last logout, by which a tab that slept through it sees that its state is a former visitor's.
    exit_key: String,
    is_tab_only: bool,
    /// The token that was stored when this tab last looked.
    known: Option<String>,
    /// What this tab has last written under `waiting_key`, or has taken over from there.
    waiting: Option<String>,
    /// The logout after which this tab began.
    exit: Option<String>,
    /// Who the visitor was when this tab last looked.
    person: Person,
}

impl Keep {
    pub(crate) fn new(window: &Window, site: &str, is_tab_only: bool) -> Self {
        Self::of(
            Area::session(window),
            Area::local(window),
            site,
            is_tab_only,
        )
    }

    fn of(tab: Area, shared: Area, site: &str, is_tab_only: bool) -> Self {
        let state_key = ["holdfast:", site].concat();
        Self {
            tab,
            shared,
            token_key: [&state_key, ":token"].concat(),
            person_key: [&state_key, ":person"].concat(),
            waiting_key: [&state_key, ":waiting"].concat(),
            exit_key: [&state_key, ":exit"].concat(),
            state_key,
            is_tab_only,
            known: None,
            waiting: None,
            exit: None,
            person: Person::default(),
        }
    }

    /// Who the visitor is.
    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// The tab's state, and the token of the visitor who uses it. A tab that is new takes over what another one has left
    /// unsent; where that lives and sends it too, the server knows it by its names.
    pub(crate) fn load(&mut self) -> (SavedTab, Option<String>) {
        self.exit = self.tab.get(&self.exit_key);
        if self.is_forgotten() {
            self.forget_tab();
        }
        let waiting = self.area().get(&self.waiting_key);
        let state = self.tab.get(&self.state_key).or_else(|| waiting.clone());
        let state: SavedTab = state
            .and_then(|text| compact::read(&text))
            .unwrap_or_default();
        self.waiting = waiting.filter(|_| !state.client.outbox.is_empty());
        self.known = self.stored_token();
        let token = self.known.clone().or_else(|| state.token.clone());
        self.person = self.stored_person().unwrap_or_else(|| Person {
            who: state.who.clone(),
            ..Person::default()
        });
        (state, token)
    }

    /// Writes the tab's state in one write. A storage that is full gets it without what the server can
    /// give again.
    pub(crate) fn save(&mut self, model: &Model, client: &Client<Visitor>) {
        let token = &client.greeting().token;
        let state = SavedTabRef::new(model, client.saved(), token, &self.person.who);
        if !self.write(&state) {
            self.write(&state.without_events());
        }
        // A tab that slept through a logout leaves nothing of the visitor who was here.
        let is_left = !client.outbox().is_empty() && !self.is_forgotten();
        let waiting = is_left.then(|| compact::write(&state.outbox_only()));
        if let Some(waiting) = &waiting {
            self.area().set(&self.waiting_key, waiting);
        } else if self.waiting.is_some() && self.area().get(&self.waiting_key) == self.waiting {
            self.area().remove(&self.waiting_key);
        }
        self.waiting = waiting;
    }

    /// Whether the visitor was logged out since this tab began.
    pub(crate) fn is_forgotten(&self) -> bool {
        let exit = self.area().get(&self.exit_key);
        exit.is_some() && exit != self.exit
    }

    /// Forgets the visitor, here and for every other tab. `exit` is a name that no other logout has.
    pub(crate) fn forget(&mut self, exit: &str) {
        self.area().remove(&self.token_key);
        self.area().remove(&self.person_key);
        self.area().remove(&self.waiting_key);
        self.forget_of_extras(self.area());
        self.area().set(&self.exit_key, exit);
        self.forget_tab();
    }

    /// Where the visitor is another person than before, the one before is forgotten, as by [`Self::forget`]; returns
    /// whether it was so.
    pub(crate) fn expect(&mut self, who: Option<&str>, exit: &str) -> bool {
        if let Some(stored) = self.stored_person() {
            self.person = stored;
        }
        let is_another = self.person.is_another(who);
        if is_another {
            self.forget(exit);
        }
        is_another
    }

    /// Keeps what the page says of the visitor who is expected.
    pub(crate) fn learn(&mut self, said: Person) {
        self.person.learn(said);
        self.keep_person();
    }

    /// The server does not take the identity: it is not said by the next page, unless that says it of itself.
    pub(crate) fn distrust(&mut self) {
        self.person.identity = None;
        self.keep_person();
    }

    /// Takes in who the visitor is, if that is what another tab has just stored under `key`. Of another person it is
    /// the mark of the logout that speaks.
    pub(crate) fn has_met(&mut self, key: Option<&str>) -> bool {
        let stored = self.stored_person().filter(|stored| {
            key == Some(&self.person_key) && !self.person.is_another(stored.who.as_deref())
        });
        let has_met = stored.is_some();
        self.person = stored.unwrap_or_else(|| std::mem::take(&mut self.person));
        has_met
    }

    /// Whether what another tab has just stored under `key` is of a visitor who is new, or who writes.
    pub(crate) fn is_of_talk(&self, key: Option<&str>) -> bool {
        key.is_some_and(|key| key == self.token_key || key == self.waiting_key)
    }

    fn forget_tab(&mut self) {
        self.tab.remove(&self.state_key);
        self.forget_of_extras(&self.tab);
        self.known = None;
        self.waiting = None;
        self.person = Person::default();
        self.exit = self.area().get(&self.exit_key);
        if let Some(exit) = &self.exit {
            self.tab.set(&self.exit_key, exit);
        }
    }

    /// What `www/later/extras` keeps of the visitor beside this, and can't forget where it was not loaded.
    fn forget_of_extras(&self, area: &Area) {
        for name in [":form", ":rating", ":noticed", ":talk"] {
            area.remove(&[&self.state_key, name].concat());
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

    fn keep_person(&self) {
        self.area()
            .set(&self.person_key, &compact::write(&self.person));
    }

    fn stored_person(&self) -> Option<Person> {
        compact::read(&self.area().get(&self.person_key)?)
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
mod tests;
