//! The parts that are always there: panel, header, list, composer, and the launcher that `widget.js` has drawn.

use holdfast_protocol::compact::decimal;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlTextAreaElement, ShadowRoot};

use super::dom::{Dom, append, fill, fits, insert, put, root_of, set_text};
use crate::sdk::Page;
use crate::texts::Text;

/// All of `style/`, as `build.rs` makes it small.
const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/style.css"));

const ICON_CHAT: &str = "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.8A8.4 8.4 0 1 1 21 11.5z";
const ICON_DOWN: &str = "m6 9 6 6 6-6";
const ICON_CLOSE: &str = "M6 6l12 12M18 6 6 18";
const ICON_SEND: &str = "M12 19V5m-6 6 6-6 6 6";
const ICON_NEWEST: &str = "M12 5v14m6-6-6 6-6-6";

/// The parts, by what they are for.
pub(super) struct Frame {
    pub(super) host: HtmlElement,
    pub(super) root: HtmlElement,
    pub(super) launcher: HtmlElement,
    pub(super) unread: HtmlElement,
    pub(super) panel: HtmlElement,
    pub(super) head: HtmlElement,
    pub(super) initial: HtmlElement,
    pub(super) title: HtmlElement,
    pub(super) subtitle: HtmlElement,
    pub(super) connection: HtmlElement,
    pub(super) list: HtmlElement,
    pub(super) loading: HtmlElement,
    pub(super) greeting: HtmlElement,
    pub(super) typing: HtmlElement,
    pub(super) typist: HtmlElement,
    pub(super) jump: HtmlElement,
    pub(super) jump_label: HtmlElement,
    pub(super) composer: HtmlTextAreaElement,
    pub(super) send: HtmlElement,
    pub(super) counter: HtmlElement,
    /// That agents see what is typed.
    pub(super) privacy: HtmlElement,
    /// What is read out to those who hear the page, while the panel is closed.
    pub(super) news: HtmlElement,
    /// The same while it is open: a panel that fills a phone is modal, and what is beside it is heard no more.
    pub(super) open_news: HtmlElement,
}

impl Frame {
    /// Makes the parts beside the launcher, not yet on the page. `log` is the list of messages.
    pub(super) fn new(dom: &Dom, page: &Page, launcher: HtmlElement, log: &HtmlElement) -> Self {
        let root = root_of(&launcher);
        let shadow: ShadowRoot = root.get_root_node().unchecked_into();
        let frame = Self {
            host: shadow.host().unchecked_into(),
            root,
            launcher,
            unread: dom.element("span", "badge", "unread"),
            panel: dom.element("div", "panel", "panel"),
            head: dom.element("div", "head", ""),
            initial: dom.element("b", "", ""),
            title: dom.element("div", "title", "title"),
            subtitle: dom.element("div", "subtitle", "subtitle"),
            connection: dom.element("div", "connection", "connection"),
            list: dom.element("div", "list", "list"),
            loading: dom.text("div", "loading", &page.say(Text::Loading)),
            greeting: dom.element("div", "greeting", "greeting"),
            typing: dom.element("div", "typing", "typing"),
            typist: dom.element("span", "", ""),
            jump: dom.element("button", "jump", "jump"),
            jump_label: dom.element("span", "", ""),
            composer: dom
                .element("textarea", "composer", "composer")
                .unchecked_into(),
            send: dom.button("send", "send", &page.say(Text::Send)),
            counter: dom.element("div", "counter", "counter"),
            privacy: dom.element("div", "counter", "privacy"),
            news: dom.element("div", "aside", "news"),
            open_news: dom.element("div", "aside", "news"),
        };
        frame.unread.set_hidden(true);
        frame.build_list(dom, page, log);
        frame.build_composer(page);
        frame.build_panel(dom, page);
        frame
    }

    /// Puts the parts onto the page, where the launcher stands: beside the body, since a body that is transformed
    /// or replaced would take them along.
    pub(super) fn show_on_page(&self, dom: &Dom, page: &Page) {
        page.adorn(self.root.get_root_node().unchecked_ref(), STYLE);
        insert(&self.root, &self.panel, Some(&self.launcher));
        append(&self.root, &self.news);
        let down = dom.icon("down", ICON_DOWN);
        fill(&self.launcher, &[&down, &self.unread]);
    }

    /// Whether the focus is in the widget.
    pub(super) fn has_focus(&self) -> bool {
        fits(&self.root, ":focus-within")
    }

    /// Makes the composer as high as its text, up to the limit in the style sheet, which also has the height without.
    pub(super) fn fit_composer(&self, text: &str) {
        let style = self.composer.unchecked_ref::<HtmlElement>().style();
        // Setting a height can't fail, and a composer of another height still works.
        let set = |height: &str| drop(style.set_property("height", height));
        if text.is_empty() {
            // To measure would make the browser lay out the page once more, right when a message was sent.
            set("");
        } else {
            set("0");
            let height = decimal(self.composer.scroll_height().unsigned_abs().into());
            set(&[&height, "px"].concat());
        }
    }

    fn build_list(&self, dom: &Dom, page: &Page, log: &HtmlElement) {
        self.list.set_tab_index(0);
        self.loading.set_hidden(true);
        let hello = dom.text("b", "", &page.say(Text::Greeting));
        let invitation = dom.text("span", "", &page.say(Text::Invitation));
        fill(
            &self.greeting,
            &[&dom.icon("", ICON_CHAT), &hello, &invitation],
        );
        let dots = dom.element("span", "dots", "");
        for _ in 0..3 {
            append(&dots, &dom.element("i", "", ""));
        }
        self.typing.set_hidden(true);
        fill(&self.typing, &[&dots, &self.typist]);
        fill(&self.list, &[&self.greeting, log, &self.typing]);
        self.jump.set_hidden(true);
        fill(&self.jump, &[&dom.icon("", ICON_NEWEST), &self.jump_label]);
    }

    fn build_composer(&self, page: &Page) {
        let composer = &self.composer;
        put(composer, "rows", "1");
        put(composer, "placeholder", &page.say(Text::Placeholder));
        put(composer, "aria-label", &page.say(Text::Placeholder));
        put(composer, "enterkeyhint", "send");
        put(composer, "dir", "auto");
        put(composer, "aria-describedby", "privacy");
        put(&self.privacy, "id", "privacy");
        set_text(&self.privacy, &page.say(Text::Preview));
        put(&self.counter, "role", "status");
    }

    fn build_panel(&self, dom: &Dom, page: &Page) {
        self.panel.set_hidden(true);
        put(&self.panel, "role", "dialog");
        put(&self.panel, "aria-label", &page.say(Text::Panel));
        put(&self.connection, "role", "status");
        let avatar = dom.element("div", "avatar", "");
        put(&avatar, "aria-hidden", "true");
        fill(&avatar, &[&self.initial, &dom.icon("", ICON_CHAT)]);
        let who = dom.element("div", "who", "");
        fill(&who, &[&self.title, &self.subtitle]);
        let close = dom.button("close", "close", &page.say(Text::Close));
        append(&close, &dom.icon("", ICON_CLOSE));
        fill(&self.head, &[&avatar, &who, &close]);
        let middle = dom.element("div", "middle", "");
        fill(&middle, &[&self.list, &self.loading, &self.jump]);
        append(&self.send, &dom.icon("", ICON_SEND));
        let field = dom.element("div", "field", "");
        fill(&field, &[&self.composer, &self.send]);
        let foot = dom.element("div", "foot", "");
        fill(&foot, &[&field, &self.counter, &self.privacy]);
        for news in [&self.news, &self.open_news] {
            put(news, "aria-live", "polite");
        }
        fill(
            &self.panel,
            &[
                &self.head,
                &self.connection,
                &middle,
                &foot,
                &self.open_news,
            ],
        );
    }
}
