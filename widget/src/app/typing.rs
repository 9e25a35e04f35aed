//! What agents are told while the visitor types: that they do, and where the site wants it what.

use holdfast_protocol::event::cut;
use holdfast_protocol::frame::{Typing, VisitorUp};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use super::Effect;
use super::model::Model;

/// The draft is another.
pub(super) fn drafted(model: &mut Model, now: Millis, effects: &mut Vec<Effect>) {
    if model.draft.trim().is_empty() {
        return stop(model, effects);
    }
    let is_shown = model.site.preview;
    let pause = if is_shown {
        limits::PREVIEW_PAUSE
    } else {
        limits::TYPING_PAUSE
    };
    let since = model.said_typing.map(|said| now.since(said));
    match since.filter(|since| *since < pause) {
        None => say(model, now, effects),
        // The last letters are shown too, though nothing follows them.
        Some(since) if is_shown && !model.is_preview_due => {
            model.is_preview_due = true;
            effects.push(Effect::AwaitPreview(Millis(pause.0 - since.0)));
        }
        Some(_) => {}
    }
}

/// The span is over after which more may be shown.
pub(super) fn preview_due(model: &mut Model, now: Millis, effects: &mut Vec<Effect>) {
    // What was sent or taken away in the meantime is nothing that is typed.
    if std::mem::take(&mut model.is_preview_due)
        && model.site.preview
        && model.said_typing.is_some()
    {
        say(model, now, effects);
    }
}

/// Nothing is being typed any more.
pub(super) fn stop(model: &mut Model, effects: &mut Vec<Effect>) {
    model.is_preview_due = false;
    if model.said_typing.take().is_some() {
        effects.push(typing(false, None));
    }
}

fn say(model: &mut Model, now: Millis, effects: &mut Vec<Effect>) {
    model.said_typing = Some(now);
    let shown = model
        .site
        .preview
        .then(|| cut(&model.draft, limits::PREVIEW_BYTES).to_owned());
    effects.push(typing(true, shown));
}

fn typing(active: bool, text: Option<String>) -> Effect {
    Effect::Transmit(VisitorUp::Typing(Typing {
        conversation: None,
        active,
        name: None,
        text,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::{Msg, update};
    use super::*;

    fn model(preview: bool) -> Model {
        let mut model = Model::default();
        model.site.preview = preview;
        model
    }

    fn shown(model: &mut Model, msg: Msg, now: u64) -> Vec<Option<String>> {
        let effects = update(model, msg, Millis(now));
        let mut texts = Vec::new();
        for effect in effects {
            if let Effect::Transmit(VisitorUp::Typing(typing)) = effect {
                texts.push(typing.text);
            }
        }
        texts
    }

    fn typed(text: &str) -> Msg {
        Msg::Drafted(text.to_owned())
    }

    #[test]
    fn without_the_sites_wish_no_letter_leaves_the_page() {
        let mut model = model(false);
        assert_eq!(shown(&mut model, typed("my secret"), 0), [None]);
        assert!(
            update(&mut model, typed("my secret i"), Millis(1_500))
                .iter()
                .all(|effect| matches!(effect, Effect::SaveSoon))
        );
        assert_eq!(shown(&mut model, Msg::PreviewDue, 1_600), []);
        assert_eq!(shown(&mut model, typed("my secret is"), 3_000), [None]);
    }

    #[test]
    fn with_it_agents_read_along_to_the_last_letter() {
        let mut model = model(true);
        assert_eq!(shown(&mut model, typed("h"), 0), [Some("h".to_owned())]);
        let effects = update(&mut model, typed("he"), Millis(300));
        assert!(
            effects.contains(&Effect::AwaitPreview(Millis(700))),
            "{effects:?}"
        );
        let effects = update(&mut model, typed("hel"), Millis(600));
        assert_eq!(effects, [Effect::SaveSoon], "one timer is enough");
        assert_eq!(
            shown(&mut model, Msg::PreviewDue, 1_000),
            [Some("hel".to_owned())]
        );
        assert_eq!(shown(&mut model, Msg::PreviewDue, 1_100), []);
        assert_eq!(
            shown(&mut model, typed("hell"), 2_000),
            [Some("hell".to_owned())]
        );
    }

    #[test]
    fn what_was_sent_or_deleted_is_not_shown_once_more() {
        for end in [Msg::Accepted, typed(" ")] {
            let mut model = model(true);
            shown(&mut model, typed("h"), 0);
            shown(&mut model, typed("he"), 300);
            assert_eq!(shown(&mut model, end, 500), [None]);
            assert_eq!(shown(&mut model, Msg::PreviewDue, 1_000), []);
        }
    }

    #[test]
    fn a_preview_that_is_switched_off_ends_at_once() {
        let mut model = model(true);
        shown(&mut model, typed("h"), 0);
        shown(&mut model, typed("he"), 300);
        model.site.preview = false;
        assert_eq!(shown(&mut model, Msg::PreviewDue, 1_000), []);
    }

    #[test]
    fn a_long_draft_is_shown_from_its_beginning() {
        let mut model = model(true);
        let long = "é".repeat(limits::PREVIEW_BYTES);
        let found = shown(&mut model, typed(&long), 0);
        assert_eq!(found[0].as_ref().unwrap().len(), limits::PREVIEW_BYTES);
    }
}
