//! One WebSocket, which owns its listeners: dropped, it is closed and says nothing more.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, MessageEvent, WebSocket};

/// What a line has to say.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It is open.
    Opened,
    /// A text arrived.
    Text(String),
    /// It is closed, or could not be opened.
    Closed,
}

/// An open line, or one that is being opened.
pub(crate) struct Socket {
    socket: WebSocket,
    _opened: Closure<dyn FnMut()>,
    _text: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(Event)>,
}

impl Socket {
    /// Begins to open a line. Nothing where the page forbids it.
    pub(crate) fn dial(url: &str, on_heard: Rc<dyn Fn(Heard)>) -> Option<Self> {
        let socket = WebSocket::new(url).ok()?;
        let say = on_heard.clone();
        let opened = Closure::<dyn FnMut()>::new(move || say(Heard::Opened));
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        let say = on_heard.clone();
        let text = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // A binary message is none of ours; as an empty text it is refused like any other nonsense.
            say(Heard::Text(event.data().as_string().unwrap_or_default()));
        });
        socket.set_onmessage(Some(text.as_ref().unchecked_ref()));
        let closed = Closure::<dyn FnMut(Event)>::new(move |_| on_heard(Heard::Closed));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Some(Self {
            socket,
            _opened: opened,
            _text: text,
            _closed: closed,
        })
    }

    /// Sends a text. What can't be sent is lost with the line, and the client sends it again on another.
    pub(crate) fn send(&self, text: &str) {
        let _ = self.socket.send_with_str(text);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
