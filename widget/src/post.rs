//! The widget's ways in: where scripts, the page, lines and clocks hand over what happened.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use holdfast_protocol::client::LineId;
use holdfast_protocol::queue::Queue;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::app::Msg;
use crate::page::PageEvent;
use crate::sdk::{Call, Page};
use crate::shell::{Drawn, Shell};
use crate::socket::Heard;

/// Starts the widget. It lives until it is told to leave the page.
///
/// # Errors
/// When the page lacks what the widget needs.
pub(crate) fn start(page: Page) -> Result<Chat, JsValue> {
    let post = Rc::new(Post::default());
    let drawn = Drawn::new(&post, page)?;
    Ok(Chat {
        post,
        drawn: Cell::new(Some(drawn)),
    })
}

/// The running widget, in the hands of `sdk.js`.
#[wasm_bindgen]
pub struct Chat {
    post: Rc<Post>,
    drawn: Cell<Option<Drawn>>,
}

#[wasm_bindgen]
impl Chat {
    /// Goes on with what was kept: a task of its own, since putting the widget onto the page is a long one already.
    /// What happens in between waits.
    ///
    /// # Errors
    /// When the page lacks what the widget needs; the widget is gone from it then.
    pub fn restore(&self) -> Result<(), JsValue> {
        if let Some(drawn) = self.drawn.take() {
            let shell = Shell::new(&self.post, drawn)?;
            *self.post.shell.borrow_mut() = Some(shell);
        }
        Ok(())
    }

    /// A call of the page's scripts; an unknown name changes nothing.
    pub fn call(&self, name: &str, value: String) {
        if let Some(call) = Call::read(name, value) {
            self.post.put(Input::Call(call));
        }
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
