//! Moves messages between the page, the model, the connection and the storage. It decides nothing.

use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use holdfast_protocol::client::{Client, ClientEvent, Output, Status, Visitor, VisitorCommand};
use holdfast_protocol::compact;
use holdfast_protocol::event::{Page, cut};
use holdfast_protocol::frame::VisitorUp;
use holdfast_protocol::limits;
use holdfast_protocol::queue::Queue;
use holdfast_protocol::time::Millis;
use web_sys::{Document, Window};

use crate::app::{Effect, Model, Msg, News, Show, update};
use crate::clock;
use crate::draw::draw;
use crate::keep::Keep;
use crate::lines::Lines;
use crate::listen::Listener;
use crate::options::Options;
use crate::page::{self, PageEvent};
use crate::post::{Input, Post};
use crate::restore::restore;
use crate::sdk::{Call, Page as Host};
use crate::socket::Heard;
use crate::view::View;
use crate::watch::Watch;

/// A draft is saved so long after a change at the latest; leaving the page saves it at once.
const SAVE_PAUSE_MS: u32 = 400;

/// What the widget is made of.
pub(crate) struct Shell {
    post: Weak<Post>,
    listeners: Vec<Listener>,
    host: Host,
    window: Window,
    document: Document,
    options: Options,
    keep: Keep,
    view: View,
    stay: Watch,
    model: Model,
    client: Client<Visitor>,
    lines: Lines,
    is_left: bool,
    /// Whether what is taken in says that somebody is back, or the network is.
    is_back: bool,
    effects: Queue<Effect>,
    shows: Vec<Show>,
    due: Option<Timeout>,
    save_due: Option<Timeout>,
    typing_over: Option<Timeout>,
    preview_due: Option<Timeout>,
}

/// The widget on its page, before it knows anything.
pub(crate) struct Drawn {
    host: Host,
    window: Window,
    document: Document,
    view: View,
    stay: Watch,
}

impl Drawn {
    /// Puts the widget onto the page, closed and empty.
    pub(crate) fn new(post: &Rc<Post>, host: Host) -> Self {
        let launcher = host.launcher();
        let (window, document) = (host.window(), host.document());
        let (view, stay) = draw(post, &document, &host, launcher);
        Self {
            host,
            window,
            document,
            view,
            stay,
        }
    }
}

impl Shell {
    /// Goes on with what was kept. It shows and dials nothing before its first input.
    pub(crate) fn new(post: &Rc<Post>, drawn: Drawn) -> Self {
        let Drawn {
            host,
            window,
            document,
            view,
            stay,
        } = drawn;
        let options = Options::read(&host);
        let on_page = Post::door(post, Input::Page);
        let listeners = page::listen(&window, &document, &on_page);
        let mut keep = Keep::new(&window, &options.site, options.is_tab_only);
        let (model, client) = restore(&mut keep, &options, &host, &window, &document);
        let lines = Lines::new(Rc::downgrade(post), &host, &options);
        Self {
            post: Rc::downgrade(post),
            listeners,
            host,
            window,
            document,
            options,
            keep,
            view,
            stay,
            model,
            client,
            lines,
            is_left: false,
            is_back: false,
            effects: Queue::default(),
            shows: Vec::new(),
            due: None,
            save_due: None,
            typing_over: None,
            preview_due: None,
        }
    }

    /// Takes in what happened, and does all that follows from it.
    pub(crate) fn take(&mut self, input: Input) {
        let now = self.now();
        self.is_back = false;
        match input {
            Input::Msg(msg) => self.change(msg),
            Input::Line(line, Heard::Opened) => {
                self.lines.opened(line);
                self.client.handle_opened(line, now);
            }
            Input::Line(line, Heard::Text(text)) => {
                match compact::parse(&text, limits::DOWN_FRAME_BYTES) {
                    Some(down) => self.client.handle_frame(line, down, now),
                    None => self.client.handle_nonsense(line, now),
                }
            }
            Input::Line(line, Heard::Closed) => self.lines.fail(line),
            Input::Reached(line, is_answered) => self.lines.reached(line, is_answered, now),
            Input::Page(event) => self.take_page(event, now),
            Input::Call(Call::Msg(msg)) => self.change(msg),
            Input::Call(Call::Logout) => {
                self.keep.forget(&clock::new_id(&self.window).text());
                self.start_over();
            }
            Input::Call(Call::Expect(who)) => self.expect(Some(&who)),
            Input::Call(Call::Learn(said)) => {
                self.expect(said.who.as_deref());
                self.keep.learn(said);
                self.keep.person().follow(&mut self.client, now);
            }
            Input::Call(Call::Track(track)) => self.client.send_soon(VisitorUp::Track(track)),
            Input::Call(Call::Redraw) => self.redraw(),
            Input::Call(Call::Begin) => {
                self.take_page(PageEvent::Visible(!self.document.hidden()), now);
            }
            // The post has carried it out.
            Input::Call(Call::Destroy) => {}
            Input::Due => {
                self.lines.tick(now);
                self.client.handle_timeout(now);
            }
            Input::SaveDue => self.save(),
        }
        self.notice_address();
        self.drain();
        self.view.render(&self.model, self.client.outbox());
        for show in std::mem::take(&mut self.shows) {
            self.view.perform(show);
        }
        self.schedule();
    }

    fn take_page(&mut self, event: PageEvent, now: Millis) {
        if let PageEvent::Stored(key) = &event {
            // A conversation begins there, perhaps, and its answers are for this tab, too.
            self.model.is_reached |= self.keep.is_of_talk(key.as_deref());
        }
        match event {
            PageEvent::Visible(is_visible) => {
                self.change(Msg::Visible(is_visible));
                if is_visible {
                    self.hint(now);
                }
            }
            PageEvent::Hint => self.hint(now),
            PageEvent::Frozen => self.save(),
            PageEvent::Left => {
                self.save();
                self.is_left = true;
            }
            PageEvent::Back { is_restored: true } => {
                self.is_left = false;
                // Another page of this tab may have sent and saved since; its state is the newer one.
                self.start_over();
            }
            PageEvent::Back { is_restored: false } => {
                self.is_left = false;
                self.client.handle_hint(now);
            }
            PageEvent::Removed => {
                self.redraw();
                self.listeners.iter().for_each(Listener::renew);
            }
            PageEvent::Stored(_) if self.keep.is_forgotten() => self.start_over(),
            PageEvent::Stored(key) if self.keep.has_met(key.as_deref()) => {
                self.keep.person().follow(&mut self.client, now);
            }
            PageEvent::Stored(key) => {
                let own = self.client.greeting().token.as_deref();
                // A tab in which nothing was said yet follows; one with a conversation keeps it.
                if let Some(token) = self.keep.replaced(key.as_deref(), own)
                    && self.model.transcript.last() == 0
                {
                    self.become_visitor(token, now);
                }
            }
        }
    }

    fn hint(&mut self, now: Millis) {
        self.is_back = true;
        self.client.handle_hint(now);
    }

    /// Lets go of the person who was here before, where `who` is another.
    fn expect(&mut self, who: Option<&str>) {
        let exit = clock::new_id(&self.window).text();
        if self.keep.expect(who, &exit) {
            self.start_over();
        }
    }

    /// Goes on with what is kept, which may be nothing.
    fn start_over(&mut self) {
        self.effects.clear();
        self.lines = Lines::new(self.post.clone(), &self.host, &self.options);
        self.typing_over = None;
        self.preview_due = None;
        let (model, client) = restore(
            &mut self.keep,
            &self.options,
            &self.host,
            &self.window,
            &self.document,
        );
        self.model = model.in_place_of(std::mem::take(&mut self.model));
        self.client = client;
        self.redraw();
        self.change(Msg::Visible(!self.document.hidden()));
    }

    /// Makes everything that is visible anew: nothing of what was shown is left in it, and a page that has thrown
    /// the widget out has it again.
    fn redraw(&mut self) {
        if let Some(post) = self.post.upgrade() {
            let launcher = self.host.launcher();
            let (mut view, stay) = draw(&post, &self.document, &self.host, launcher);
            if self.view.has_focus() {
                self.shows.push(Show::FocusComposer);
            }
            view.succeed(&self.view);
            (self.view, self.stay) = (view, stay);
        }
    }

    /// Carries out what the client and the model want, until they want nothing more.
    fn drain(&mut self) {
        loop {
            if let Some(line) = self.lines.poll_over() {
                self.client.handle_closed(line, self.now());
            } else if let Some(output) = self.client.poll_output() {
                self.carry_out(output);
            } else if let Some(effect) = self.effects.pop() {
                self.perform(effect);
            } else if !self.follow_need() {
                break;
            }
        }
    }

    /// Hangs up where nobody needs the line, and dials where somebody does; returns whether it did so. To be asked once the
    /// model knows all that the client has heard.
    fn follow_need(&mut self) -> bool {
        let saved = self.client.saved();
        // Who has become another visitor has no cursor, and a conversation perhaps.
        let is_owed = saved.cursor.is_none() || saved.is_waiting();
        let is_wanted = !self.is_left && self.model.wants_line(is_owed);
        let is_paused = *self.client.status() == Status::Paused;
        if is_wanted && is_paused {
            self.client.resume(self.now());
        } else if !is_wanted && !is_paused {
            self.client.pause(self.now());
        } else {
            return false;
        }
        true
    }

    fn carry_out(&mut self, output: Output<Visitor>) {
        match output {
            Output::Event(ClientEvent::Welcomed { welcome, restart }) => {
                if self.keep.is_forgotten() {
                    self.start_over();
                    return;
                }
                match self.keep.adopt(&welcome.token) {
                    Some(other) => self.become_visitor(other, self.now()),
                    None => self.change(Msg::Client(ClientEvent::Welcomed { welcome, restart })),
                }
            }
            Output::Event(event) => self.change(Msg::Client(event)),
            Output::Save => self.save(),
            Output::Dial(line) => self.lines.dial(line, self.is_back, self.now()),
            Output::Transmit(line, up) => self.lines.send(line, &compact::write(&up)),
            Output::Close(line) => self.lines.hang_up(line),
        }
    }

    fn perform(&mut self, effect: Effect) {
        let now = self.now();
        match effect {
            Effect::Send(text) => {
                let (id, command) = (clock::new_id(&self.window), VisitorCommand::Send { text });
                // The draft is gone before the state is saved that holds the message.
                match self.client.send(id, command, clock::unix(), now) {
                    Ok(()) => self.change(Msg::Accepted),
                    Err(error) => self.change(Msg::NotTaken(error)),
                }
            }
            Effect::Say(text) => {
                let id = clock::new_id(&self.window);
                let command = VisitorCommand::Send { text: text.clone() };
                if let Err(error) = self.client.send(id, command, clock::unix(), now) {
                    self.change(Msg::NotSaid(text, error));
                }
            }
            Effect::Rate(score, comment) => {
                let command = VisitorCommand::Rate { score, comment };
                let id = clock::new_id(&self.window);
                // The widget asks for possible scores only, and what does not fit is not asked for again.
                let _ = self.client.send(id, command, clock::unix(), now);
            }
            Effect::Retry(id) => self.client.retry(id, clock::new_id(&self.window), now),
            Effect::Edit(id) => {
                if let Some(entry) = self.client.discard(id) {
                    self.change(Msg::Returned(entry.command.text().to_owned()));
                }
            }
            Effect::Discard(id) => {
                self.client.discard(id);
            }
            Effect::Transmit(up) => {
                self.client.send_lossy(up);
            }
            Effect::Distrust => self.keep.distrust(),
            Effect::Look(is_looking) => self.client.set_looking(is_looking, now),
            Effect::Save => self.save(),
            Effect::SaveSoon => {
                if self.save_due.is_none() {
                    self.save_due = Some(self.after(SAVE_PAUSE_MS, || Input::SaveDue));
                }
            }
            Effect::AwaitTyping(span) => {
                self.typing_over = Some(self.after(ms(span), || Input::Msg(Msg::TypingOver)));
            }
            Effect::AwaitPreview(span) => {
                self.preview_due = Some(self.after(ms(span), || Input::Msg(Msg::PreviewDue)));
            }
            Effect::TellOwner(text) => {
                let text = ["Holdfast: the server refuses this page: ", &text].concat();
                web_sys::console::error_1(&text.into());
            }
            Effect::Show(show) => self.shows.push(show),
            Effect::Announce(note) => self.view.announce(&note),
            Effect::Tell(news) => self.host.news(&news),
            Effect::TellFailed(id) => {
                let mut outbox = self.client.outbox().iter();
                let entry = outbox.find(|entry| entry.id == id);
                if let Some(news) = entry.and_then(News::failed) {
                    self.host.news(&news);
                }
            }
        }
    }

    fn change(&mut self, msg: Msg) {
        let now = self.now();
        self.effects.append(update(&mut self.model, msg, now));
    }

    /// Saves the tab's state now.
    pub(crate) fn save(&mut self) {
        self.save_due = None;
        self.keep.save(&self.model, &self.client);
    }

    /// Goes on as the visitor to whom `token` belongs; what was written goes along.
    fn become_visitor(&mut self, token: String, now: Millis) {
        self.client.greeting_mut().token = Some(token);
        self.client.reidentify(now);
    }

    /// Tells the agents where the visitor is, on sites that change their address without a new page.
    fn notice_address(&mut self) {
        let address = self.host.option("address");
        let known = self
            .client
            .greeting()
            .page
            .as_ref()
            .map(|page| page.url.as_str());
        if known != Some(cut(&address, limits::PAGE_URL_BYTES)) {
            let page = Page::new(&address, &self.host.option("title"));
            self.client.greeting_mut().page = Some(page.clone());
            self.client.send_lossy(VisitorUp::Page(page));
        }
    }

    fn schedule(&mut self) {
        let now = self.now();
        let dues = [self.client.poll_timeout(now), self.lines.due()];
        self.due = dues.into_iter().flatten().min().map(|due| {
            // One more, since browsers cut the fraction off.
            self.after(ms(due.since(now) + Millis(1)), || Input::Due)
        });
    }

    fn after(&self, span: u32, input: fn() -> Input) -> Timeout {
        let put = Post::way_in(self.post.clone());
        Timeout::new(span, move || put(input()))
    }

    fn now(&self) -> Millis {
        clock::monotonic(&self.window)
    }
}

/// A span as the browser's timers take it.
fn ms(Millis(span): Millis) -> u32 {
    u32::try_from(span).unwrap_or(u32::MAX)
}
