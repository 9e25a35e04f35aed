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
    /// Names the last logout, by which a tab that slept through it sees that its state is a former visitor's.
    exit_key: String,
    is_tab_only: bool,
    /// The token that was stored when this tab last looked.
    known: Option<String>,
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
            exit_key: [&state_key, ":exit"].concat(),
            state_key,
            is_tab_only,
            known: None,
            exit: None,
            person: Person::default(),
        }
    }

    /// Who the visitor is.
    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// The tab's state, and the token of the visitor who uses it.
    pub(crate) fn load(&mut self) -> (SavedTab, Option<String>) {
        self.exit = self.tab.get(&self.exit_key);
        if self.is_forgotten() {
            self.forget_tab();
        }
        let state = self.tab.get(&self.state_key);
        let state: SavedTab = state
            .and_then(|text| compact::read(&text))
            .unwrap_or_default();
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
    pub(crate) fn save(&self, model: &Model, client: &Client<Visitor>) {
        let token = &client.greeting().token;
        let state = SavedTabRef::new(model, client.saved(), token, &self.person.who);
        if !self.write(&state) {
            self.write(&state.without_events());
        }
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

    fn forget_tab(&mut self) {
        self.tab.remove(&self.state_key);
        self.known = None;
        self.person = Person::default();
        self.exit = self.area().get(&self.exit_key);
        if let Some(exit) = &self.exit {
            self.tab.set(&self.exit_key, exit);
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
mod tests {
    use holdfast_protocol::client::{Saved, VisitorGreeting};
    use holdfast_protocol::time::Millis;

    use super::*;
    use crate::person::tests::said;

    fn keep(is_tab_only: bool) -> Keep {
        Keep::of(Area::memory(), Area::memory(), "demo", is_tab_only)
    }

    fn learn(keep: &mut Keep, said: Person, exit: &str) -> bool {
        let is_another = keep.expect(said.who.as_deref(), exit);
        keep.learn(said);
        is_another
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

    fn save_as(keep: &Keep, token: &str) {
        let greeting = VisitorGreeting {
            token: Some(token.to_owned()),
            ..VisitorGreeting::default()
        };
        let client = Client::new(greeting, Saved::default(), 1, Millis(0));
        keep.save(&Model::default(), &client);
    }

    #[test]
    fn a_logout_leaves_neither_token_nor_state() {
        for is_tab_only in [false, true] {
            let mut keep = keep(is_tab_only);
            keep.load();
            keep.adopt("mine");
            save_as(&keep, "mine");
            keep.forget("first");
            assert!(!keep.is_forgotten());
            assert_eq!(keep.tab.get(&keep.state_key), None);
            assert_eq!(keep.load().1, None);
            assert_eq!(keep.adopt("next"), None);
            assert_eq!(keep.load().1.as_deref(), Some("next"));
        }
    }

    #[test]
    fn a_tab_that_slept_through_a_logout_forgets_when_it_looks() {
        let mut keep = keep(false);
        keep.load();
        keep.adopt("mine");
        another_tab_logs_out(&keep, "first");
        assert!(keep.is_forgotten());
        // Even where it saves once more before it looks.
        save_as(&keep, "mine");
        assert_eq!(keep.load().1, None);
        assert!(!keep.is_forgotten());
        save_as(&keep, "next");
        assert_eq!(keep.load().1.as_deref(), Some("next"));
    }

    fn another_tab_logs_out(keep: &Keep, exit: &str) {
        keep.area().remove(&keep.token_key);
        keep.area().remove(&keep.person_key);
        keep.area().set(&keep.exit_key, exit);
    }

    #[test]
    fn a_person_is_known_on_the_next_page() {
        for is_tab_only in [false, true] {
            let mut keep = keep(is_tab_only);
            keep.load();
            assert!(!learn(&mut keep, said("a", "proof", "Ana"), "first"));
            assert_eq!(keep.shared.get(&keep.person_key).is_none(), is_tab_only);
            let ana = keep.person().clone();
            keep.load();
            assert_eq!(keep.person(), &ana);
            assert_eq!(ana.who.as_deref(), Some("a"));
        }
    }

    #[test]
    fn another_person_begins_with_nothing_of_the_one_before() {
        let mut keep = keep(false);
        keep.load();
        keep.adopt("anas");
        assert!(!learn(&mut keep, said("a", "proof", "Ana"), "first"));
        save_as(&keep, "anas");
        assert!(learn(&mut keep, said("b", "proof", ""), "second"));
        assert!(!keep.is_forgotten());
        assert_eq!(keep.tab.get(&keep.state_key), None);
        assert_eq!(keep.load().1, None);
        assert_eq!(keep.person().who.as_deref(), Some("b"));
        let kept = keep.area().get(&keep.person_key).unwrap();
        assert!(!kept.contains("Ana"), "{kept}");
    }

    #[test]
    fn the_other_tabs_of_another_person_see_a_logout() {
        let mut keep = keep(false);
        keep.load();
        learn(&mut keep, said("a", "proof", "Ana"), "first");
        let key = keep.person_key.clone();
        another_tab_logs_out(&keep, "second");
        let mut bo = Person::default();
        bo.learn(said("b", "proof", "Bo"));
        keep.area().set(&key, &compact::write(&bo));
        assert!(!keep.has_met(Some(&key)), "Ana does not become Bo");
        assert!(keep.is_forgotten());
        keep.load();
        assert_eq!(keep.person(), &bo);
        assert!(!keep.has_met(Some("basket")) && keep.has_met(Some(&key)));
    }

    #[test]
    fn a_refused_identity_is_not_kept_but_its_owner_is() {
        let mut keep = keep(false);
        keep.load();
        learn(&mut keep, said("a", "wrong", "Ana"), "first");
        keep.distrust();
        keep.load();
        assert_eq!(keep.person().identity, None);
        assert!(!learn(&mut keep, said("a", "right", "Ana"), "second"));
        assert!(keep.person().identity.is_some());
        keep.distrust();
        assert!(learn(&mut keep, said("b", "right", "Bo"), "third"));
    }

    #[test]
    fn a_tab_whose_shared_storage_was_cleared_still_belongs_to_the_person() {
        let mut keep = keep(false);
        keep.load();
        learn(&mut keep, said("a", "proof", ""), "none");
        save_as(&keep, "anas");
        keep.area().remove(&keep.person_key);
        keep.load();
        assert_eq!(keep.person().who.as_deref(), Some("a"));
        assert!(learn(&mut keep, said("b", "proof", ""), "first"));
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
