//! What the visitor does, as messages.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventTarget, HtmlElement, HtmlTextAreaElement, KeyboardEvent};

use super::dom::{closest, fits};
use super::frame::Frame;
use crate::app::{Msg, Place};
use crate::listen::Listener;
use crate::sdk::Page;
use crate::watch::Watch;

/// The end of the list, give or take a line.
const END_PX: i32 = 30;

/// So near the first or the last message on the page others are put there: they stand there before the visitor comes.
const NEAR_PX: i32 = 800;

/// An input method's key, in browsers that do not say so otherwise.
const COMPOSING_KEY: u32 = 229;

/// A finger that is on its way comes down, though a panel has just opened by itself.
const ON_ITS_WAY_MS: f64 = 500.0;

/// The listeners, which live as long as the view.
pub(super) struct Input {
    /// When the view opened its panel by itself, in milliseconds since the Unix epoch.
    pub(super) restored: Rc<Cell<f64>>,
    _listeners: Vec<Listener>,
    _resize: Watch,
}

impl Input {
    pub(super) fn listen(page: &Page, frame: &Frame, on_msg: Rc<dyn Fn(Msg)>) -> Self {
        let mut listeners = Vec::new();
        let mut on = |target: &EventTarget, name, react: Box<dyn FnMut(Event)>| {
            listeners.push(Listener::new(target, name, react));
        };
        // A launcher that is held down while the widget takes it over was pressed to open the chat.
        let launcher = frame.launcher.clone();
        let is_held = fits(&launcher, ":active");
        let seen = Rc::new(Cell::new(is_held.then_some(false)));
        let restored = Rc::new(Cell::new(f64::NEG_INFINITY));
        let (say, saw) = (on_msg.clone(), seen.clone());
        let (button, since) = (launcher.clone(), restored.clone());
        on(
            &frame.root,
            "click",
            Box::new(move |event| {
                let seen = saw.take().unwrap_or_else(|| is_expanded(&button));
                let was_open = was_open(seen, js_sys::Date::now() - since.get());
                if let Some(msg) = clicked(&event, was_open) {
                    say(msg);
                }
            }),
        );
        let (button, saw) = (launcher.clone(), seen.clone());
        on(
            &frame.launcher,
            "pointerdown",
            Box::new(move |_| saw.set(Some(is_expanded(&button)))),
        );
        let say = on_msg.clone();
        on(
            &frame.root,
            "keydown",
            Box::new(move |event| {
                // The space bar clicks when it is let go.
                seen.set(Some(is_expanded(&launcher)));
                // The page's own shortcuts are not meant when somebody types here.
                event.stop_propagation();
                if let Some(msg) = pressed(event.unchecked_ref()) {
                    event.prevent_default();
                    say(msg);
                }
            }),
        );
        on(
            &frame.root,
            "keyup",
            Box::new(|event| event.stop_propagation()),
        );
        on(
            &frame.root,
            "keypress",
            Box::new(|event| event.stop_propagation()),
        );
        // A press on the button leaves the focus, and a phone's keyboard, where they are.
        on(
            &frame.send,
            "mousedown",
            Box::new(|event| event.prevent_default()),
        );
        let say = on_msg.clone();
        let composer = frame.composer.clone();
        on(
            &frame.composer,
            "input",
            Box::new(move |_| say(Msg::Drafted(composer.value()))),
        );
        let list = frame.list.clone();
        let size = Rc::new(Cell::new((0, 0)));
        let resize = keep_place(page, frame, size.clone(), on_msg.clone());
        on(
            &frame.list,
            "scroll",
            Box::new(move |_| {
                // In another size the messages are of another height, and nobody has scrolled.
                let place = place(&list).filter(|_| size_of(&list) == size.get());
                if let Some(place) = place {
                    on_msg(Msg::Scrolled(place));
                }
            }),
        );
        Self {
            restored,
            _listeners: listeners,
            _resize: resize,
        }
    }
}

/// Whether a press is meant for an open panel: `seen` is what stood there when it began, and `since_restored` the
/// milliseconds for which a panel is open that nobody asked for.
fn was_open(seen: bool, since_restored: f64) -> bool {
    seen && since_restored > ON_ITS_WAY_MS
}

/// Whether the visitor sees an open panel.
fn is_expanded(launcher: &HtmlElement) -> bool {
    launcher.get_attribute("aria-expanded").as_deref() == Some("true")
}

fn clicked(event: &Event, was_open: bool) -> Option<Msg> {
    let target: Element = event.target()?.unchecked_into();
    let hook = target
        .closest("[data-hf]")
        .ok()??
        .get_attribute("data-hf")?;
    let id = || {
        let message = closest(&target, "[data-id]")?;
        message.get_attribute("data-id")?.parse().ok()
    };
    match hook.as_str() {
        "launcher" | "unread" => Some(Msg::Press(was_open)),
        "close" => Some(Msg::Close),
        "send" => Some(Msg::Submit),
        "jump" => Some(Msg::Jump),
        "retry" => id().map(Msg::Retry),
        "edit" => id().map(Msg::Edit),
        "discard" => id().map(Msg::Discard),
        _ => None,
    }
}

fn pressed(event: &KeyboardEvent) -> Option<Msg> {
    if event.is_composing() || event.key_code() == COMPOSING_KEY {
        return None;
    }
    let in_composer = event
        .target()
        .is_some_and(|target| target.has_type::<HtmlTextAreaElement>());
    match event.key().as_str() {
        "Escape" => Some(Msg::Close),
        "Enter" if in_composer && !event.shift_key() => Some(Msg::Submit),
        _ => None,
    }
}

/// Where in the list the visitor is; nothing while it is not shown.
fn place(list: &HtmlElement) -> Option<Place> {
    let (top, height) = (list.scroll_top(), list.client_height());
    let below = list.scroll_height() - top - height;
    (height > 0).then_some(if below < END_PX {
        Place::End
    } else {
        Place::At {
            from_end: list.scroll_height() - top,
            is_near_top: top < NEAR_PX,
            is_near_end: below < NEAR_PX,
        }
    })
}

fn size_of(list: &HtmlElement) -> (i32, i32) {
    (list.client_width(), list.client_height())
}

/// Keeps what is in sight where the composer grows, a phone's keyboard opens or a phone is turned. `size` is the
/// last one that was told.
fn keep_place(
    page: &Page,
    frame: &Frame,
    size: Rc<Cell<(i32, i32)>>,
    on_msg: Rc<dyn Fn(Msg)>,
) -> Watch {
    let list = frame.list.clone();
    Watch::size(page, &frame.list, move || {
        size.set(size_of(&list));
        on_msg(Msg::Resized);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_that_was_on_its_way_opens() {
        assert!(!was_open(true, ON_ITS_WAY_MS / 2.0));
        assert!(was_open(true, 2.0 * ON_ITS_WAY_MS));
        assert!(was_open(true, f64::INFINITY));
        assert!(!was_open(false, f64::INFINITY));
    }
}
