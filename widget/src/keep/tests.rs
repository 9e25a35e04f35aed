use holdfast_protocol::client::{Saved, VisitorCommand, VisitorGreeting};
use holdfast_protocol::id::EventId;
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

fn save_as(keep: &mut Keep, token: &str) {
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
        save_as(&mut keep, "mine");
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
    save_as(&mut keep, "mine");
    assert_eq!(keep.load().1, None);
    assert!(!keep.is_forgotten());
    save_as(&mut keep, "next");
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
    save_as(&mut keep, "anas");
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
    save_as(&mut keep, "anas");
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

fn waits(text: &str) -> Client<Visitor> {
    let mut client = Client::new(VisitorGreeting::default(), Saved::default(), 1, Millis(0));
    let command = VisitorCommand::Send {
        text: text.to_owned(),
    };
    client
        .send(EventId(7), command, Millis(1), Millis(1))
        .unwrap();
    client
}

fn nothing_waits() -> Client<Visitor> {
    Client::new(VisitorGreeting::default(), Saved::default(), 1, Millis(0))
}

/// Another tab of the same browser, which has nothing of its own.
fn new_tab(keep: &Keep) -> Keep {
    let other = self::keep(false);
    for key in [&keep.waiting_key, &keep.exit_key, &keep.person_key] {
        if let Some(value) = keep.shared.get(key) {
            other.shared.set(key, &value);
        }
    }
    other
}

#[test]
fn what_a_dead_tab_left_unsent_is_taken_over_until_it_is_sent() {
    let mut keep = keep(false);
    keep.load();
    let mut model = Model::default();
    model.is_open = true;
    "half a".clone_into(&mut model.draft);
    keep.save(&model, &waits("unsent"));
    let mut next = new_tab(&keep);
    let (state, _) = next.load();
    assert_eq!(state.client.outbox, waits("unsent").saved().outbox);
    let (model, _) = state.restore(None, None);
    assert!(
        !model.is_open && model.draft.is_empty(),
        "that is the tab's"
    );
    next.save(&Model::default(), &nothing_waits());
    assert_eq!(next.shared.get(&next.waiting_key), None);
    assert_eq!(new_tab(&next).load().0.client, Saved::default());
}

#[test]
fn a_tab_removes_what_it_left_and_not_what_another_one_did() {
    let mut keep = keep(false);
    keep.load();
    keep.save(&Model::default(), &waits("mine"));
    keep.load();
    keep.shared.set(&keep.waiting_key, "another tab's");
    keep.save(&Model::default(), &nothing_waits());
    let left = keep.shared.get(&keep.waiting_key);
    assert_eq!(left.as_deref(), Some("another tab's"));
    keep.save(&Model::default(), &waits("mine"));
    keep.load();
    keep.save(&Model::default(), &nothing_waits());
    assert_eq!(keep.shared.get(&keep.waiting_key), None);
}

#[test]
fn a_logout_leaves_nothing_to_be_sent() {
    let mut keep = keep(false);
    keep.load();
    keep.save(&Model::default(), &waits("unsent"));
    keep.forget("first");
    assert_eq!(new_tab(&keep).load().0.client, Saved::default());
    // Nor does a tab that slept through one.
    another_tab_logs_out(&keep, "second");
    keep.save(&Model::default(), &waits("unsent"));
    assert_eq!(new_tab(&keep).load().0.client, Saved::default());
}
