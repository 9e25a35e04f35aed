//! Who the visitor is to the site, as the page says it and as it is kept for the next page.

use holdfast_protocol::client::{Client, Visitor, VisitorGreeting};
use holdfast_protocol::compact::{Read, Source, Write, member};
use holdfast_protocol::frame::VisitorUp;
use holdfast_protocol::profile::{Identity, Profile};
use holdfast_protocol::time::Millis;

/// What is said and kept of the visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The id by which the site's page names the person to whom all that is kept belongs; nothing for a visitor who
    /// was never named, and where the page says more of whoever it is.
    pub who: Option<String>,
    /// The same with its proof, as long as the server has not refused it.
    pub identity: Option<Identity>,
    /// What was said of the person.
    pub profile: Profile,
}

impl Person {
    /// Whether `who` is somebody else. A visitor who has no name yet may become anybody.
    #[must_use]
    pub fn is_another(&self, who: Option<&str>) -> bool {
        matches!((&self.who, who), (Some(known), Some(who)) if known != who)
    }

    /// Takes in what the page says of the same person.
    pub fn learn(&mut self, said: Self) {
        if said.who.is_some() {
            self.who = said.who;
            self.identity = said.identity;
        }
        self.profile.merge(&said.profile);
    }

    /// Writes it into what a client says of itself.
    #[inline(never)]
    pub fn greet(&self, greeting: &mut VisitorGreeting) {
        greeting.identity.clone_from(&self.identity);
        greeting.profile.clone_from(&self.profile);
    }

    /// Has the client say it, if it does not yet. An identity that was refused stays said on its own page.
    pub fn follow(&self, client: &mut Client<Visitor>, now: Millis) {
        let said = client.greeting();
        if self.identity.is_some() && self.identity != said.identity {
            self.greet(client.greeting_mut());
            client.reidentify(now);
        } else if self.profile != said.profile {
            client.greeting_mut().profile.clone_from(&self.profile);
            client.send_soon(VisitorUp::Profile(self.profile.clone()));
        }
    }
}

impl Write for Person {
    fn write(&self, out: &mut String) {
        out.push('{');
        member(out, "who", &self.who);
        member(out, "identity", &self.identity);
        member(out, "profile", &self.profile);
        out.push('}');
    }
}

impl Read for Person {
    fn read(from: Source<'_>) -> Self {
        Self {
            who: from.member("who"),
            identity: from.member("identity"),
            profile: from.member("profile"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use holdfast_protocol::client::{Output, Saved};
    use holdfast_protocol::compact;

    use super::*;

    pub(crate) fn said(id: &str, hash: &str, name: &str) -> Person {
        let profile = Profile {
            name: Some(name.to_owned()),
            ..Profile::default()
        };
        Person {
            who: Some(id.to_owned()),
            identity: Some(Identity {
                id: id.to_owned(),
                hash: Some(hash.to_owned()),
            }),
            profile,
        }
    }

    fn person(id: &str, hash: &str, name: &str) -> Person {
        let mut person = Person::default();
        person.learn(said(id, hash, name));
        person
    }

    fn client() -> Client<Visitor> {
        let mut client = Client::new(VisitorGreeting::default(), Saved::default(), 1, Millis(0));
        outputs(&mut client);
        client
    }

    fn outputs(client: &mut Client<Visitor>) -> Vec<Output<Visitor>> {
        std::iter::from_fn(|| client.poll_output()).collect()
    }

    #[test]
    fn who_has_no_name_yet_may_become_anybody_and_nobody_becomes_another() {
        let nobody = Person::default();
        assert!(!nobody.is_another(Some("a")) && !nobody.is_another(None));
        let ana = person("a", "proof", "Ana");
        assert!(!ana.is_another(Some("a")) && !ana.is_another(None));
        assert!(ana.is_another(Some("b")));
    }

    #[test]
    fn another_proof_is_the_same_person() {
        let mut ana = person("a", "old", "Ana");
        ana.learn(said("a", "new", "Ana"));
        assert_eq!(ana, person("a", "new", "Ana"));
        let plan = Profile {
            name: Some(String::new()),
            ..Profile::default()
        };
        ana.learn(Person {
            profile: plan,
            ..Person::default()
        });
        assert_eq!(ana.identity, person("a", "new", "").identity);
        assert_eq!(ana.profile.name.as_deref(), Some(""));
    }

    #[test]
    fn who_somebody_is_goes_out_with_the_line_that_is_being_opened_and_once() {
        let mut client = client();
        let ana = person("a", "proof", "Ana");
        ana.follow(&mut client, Millis(1));
        assert_eq!(outputs(&mut client), [Output::Save]);
        assert_eq!(client.greeting().identity, ana.identity);
        assert_eq!(client.greeting().profile, ana.profile);
        ana.follow(&mut client, Millis(2));
        assert_eq!(outputs(&mut client), []);
    }

    #[test]
    fn more_of_the_same_person_needs_no_other_line() {
        let mut client = client();
        person("a", "proof", "Ana").follow(&mut client, Millis(1));
        outputs(&mut client);
        let renamed = person("a", "proof", "Ana Lima");
        renamed.follow(&mut client, Millis(2));
        assert_eq!(outputs(&mut client), []);
        assert_eq!(client.greeting().profile, renamed.profile);
    }

    #[test]
    fn a_refused_identity_is_not_taken_back_while_its_page_is_there() {
        let mut client = client();
        let mut ana = person("a", "wrong", "Ana");
        ana.follow(&mut client, Millis(1));
        outputs(&mut client);
        ana.identity = None;
        ana.follow(&mut client, Millis(2));
        assert!(client.greeting().identity.is_some());
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let mut ana = person("a", "proof", "Ana");
        ana.profile.fields.set("plan", "pro");
        for kept in [
            ana.clone(),
            Person {
                identity: None,
                ..ana
            },
            Person::default(),
        ] {
            assert_eq!(compact::read::<Person>(&compact::write(&kept)), Some(kept));
        }
        let said: Option<Person> = compact::read(r#"{"profile":{"fields":{"plan":"pro"}}}"#);
        assert_eq!(said.unwrap().profile.fields.get("plan"), Some("pro"));
    }
}
