//! The widget's way in: where the page, lines and clocks hand over what happened.

use std::cell::RefCell;
use std::collections::VecDeque;

use holdfast_protocol::client::LineId;

use crate::app::Msg;
use crate::page::PageEvent;
use crate::shell::Shell;
use crate::socket::Heard;

/// Something that happened outside.
pub(crate) enum Input {
    Msg(Msg),
    Line(LineId, Heard),
    Reached(LineId, bool),
    Page(PageEvent),
    Due,
    SaveDue,
}

/// Takes inputs in, and hands them to the shell one after the other: the browser reports some of them
/// (a focus that moves) in the middle of what the shell is doing.
#[derive(Default)]
pub(crate) struct Post {
    waiting: RefCell<VecDeque<Input>>,
    shell: RefCell<Option<Shell>>,
}

impl Post {
    /// From now on inputs are taken in.
    pub(crate) fn serve(&self, shell: Shell) {
        *self.shell.borrow_mut() = Some(shell);
    }

    /// Takes it in now, or as soon as what is under way is done.
    pub(crate) fn put(&self, input: Input) {
        self.waiting.borrow_mut().push_back(input);
        let Ok(mut shell) = self.shell.try_borrow_mut() else {
            return;
        };
        let Some(shell) = shell.as_mut() else {
            return;
        };
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            match next {
                Some(input) => shell.take(input),
                None => break,
            }
        }
    }
}
