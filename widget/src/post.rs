//! The widget's ways in: where scripts, the page, lines and clocks hand over what happened.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use holdfast_protocol::client::LineId;
use holdfast_protocol::queue::Queue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::app::Msg;
use crate::page::PageEvent;
use crate::sdk::{Call, Page};
use crate::shell::{Drawn, Shell};
use crate::socket::Heard;

/// The widget on the page.
struct Chat {
    post: Rc<Post>,
    /// Before it goes on with what was kept.
    drawn: Option<Drawn>,
}

thread_local! {
    /// There is one at a time. One that has left the page stays here, empty, until another comes.
    static CHAT: RefCell<Option<Chat>> = const { RefCell::new(None) };
}

/// Starts the widget. It lives until it is told to leave the page.
pub(crate) fn start(page: Page) {
    let post = Rc::new(Post::default());
    let drawn = Some(Drawn::new(&post, page));
    CHAT.with(|chat| chat.replace(Some(Chat { post, drawn })));
}

/// Goes on with what was kept: a task of its own, since putting the widget onto the page is a long one already.
/// What happens in between waits.
#[wasm_bindgen]
pub fn restore() {
    let begun = CHAT.with_borrow_mut(|chat| {
        let chat = chat.as_mut()?;
        Some((chat.post.clone(), chat.drawn.take()?))
    });
    if let Some((post, drawn)) = begun {
        let shell = Shell::new(&post, drawn);
        *post.shell.borrow_mut() = Some(shell);
    }
}

/// A call of the page's scripts; an unknown name changes nothing.
#[wasm_bindgen]
pub fn call(name: &str, value: String) {
    let post = CHAT.with_borrow(|chat| chat.as_ref().map(|chat| chat.post.clone()));
    if let (Some(post), Some(call)) = (post, Call::read(name, value)) {
        post.put(Input::Call(call));
    }
}

/// Something that happened outside.
pub(crate) enum Input {
    Msg(Msg),
    Line(LineId, Heard),
    Reached(LineId, bool),
    Page(PageEvent),
    Call(Call),
    Due,
    SaveDue,
}

/// Takes inputs in, and hands them to the shell one after the other: the browser reports some of them
/// (a focus that moves) in the middle of what the shell is doing.
#[derive(Default)]
pub(crate) struct Post {
    waiting: RefCell<Queue<Input>>,
    shell: RefCell<Option<Shell>>,
}

impl Post {
    /// A way in that does not keep the widget alive.
    pub(crate) fn door<T: 'static>(post: &Rc<Self>, input: fn(T) -> Input) -> Rc<dyn Fn(T)> {
        let put = Self::way_in(Rc::downgrade(post));
        Rc::new(move |value| put(input(value)))
    }

    /// As [`Self::door`], for any input.
    pub(crate) fn way_in(post: Weak<Self>) -> impl Fn(Input) {
        move |input| {
            if let Some(post) = post.upgrade() {
                post.put(input);
            }
        }
    }

    /// Takes it in now, or as soon as what is under way is done.
    pub(crate) fn put(&self, input: Input) {
        self.waiting.borrow_mut().push(input);
        let Ok(mut slot) = self.shell.try_borrow_mut() else {
            return;
        };
        while let Some(shell) = slot.as_mut() {
            let next = self.waiting.borrow_mut().pop();
            match next {
                Some(Input::Call(Call::Destroy)) => {
                    shell.save();
                    *slot = None;
                }
                Some(input) => shell.take(input),
                None => break,
            }
        }
    }
}
