//! The scenes, in the order in which one conversation brings them about.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    pages::Pages,
    proxy::{BOTH, Scope},
    stage::Stage,
    wait,
};
use serde_json::json;

use super::site;

/// The languages in which the conversation is shown, as `data-locale` names them.
const LOCALES: [&str; 1] = ["en"];

const THEMES: [&str; 2] = ["light", "dark"];

/// What a chat really is: short and long, other scripts, code, and words that fit nowhere.
const CODE: &str = "for (const rope of shop.ropes) {\n\tif (rope.length >= 40) basket.add(rope, { colour: \"red\", quantity: 1 });\n}";
const LONG_WORD: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft \
    https://example.com/a/very/long/address/that/nobody/would/type/by/hand?with=parameters&and=more-of-them";
const LONG: &str = "We have it in three lengths, and the forty metres are what most of our customers take: it is \
    long enough for nearly every hall, light enough to be carried home, and it comes with a bag. If you climb \
    outside, have a look at the sixty metres as well. Both are dynamic ropes, tested by the norm, and both can be \
    sent back within thirty days if they are unused.\n\nShall I put one aside for you?";
const SCRIPTS: &str = "你好,请问有红色的吗? 🧗 هل لديكم حبل أحمر؟ Есть ли красная?";

/// The window of a phone, and how its dots are counted.
const PHONE_WIDTH: u32 = 390;
const PHONE_HEIGHT: u32 = 690;

/// On what the page is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Desk,
    Phone,
}

/// The pictures of one engine.
pub(super) struct Album {
    engine: Engine,
    folder: PathBuf,
    stage: Stage,
    pages: Pages,
    tab: Tab,
    names: Vec<String>,
}

impl Album {
    /// Sets the stage. The line can be cut in such a way that pages still load.
    pub(super) async fn open(engine: Engine, folder: &Path) -> Result<Self> {
        let stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
        let pages = site::serve(stage.street.addr(), &LOCALES).await?;
        let tab = stage.browser.open(&pages.url("/empty")).await?;
        Ok(Self {
            engine,
            folder: folder.to_path_buf(),
            stage,
            pages,
            tab,
            names: Vec::new(),
        })
    }

    /// The files, within the folder.
    pub(super) fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Takes all pictures.
    pub(super) async fn fill(&mut self) -> Result<()> {
        let mut agent = self.stage.agent("Ana").await?;
        self.before_a_word().await?;
        let conversation = self.talk(&mut agent).await?;
        self.each("conversation", "shop").await?;
        self.each("hostile", "hostile").await?;
        self.short_scenes(&mut agent, conversation).await?;
        self.refused().await?;
        self.offline().await
    }

    async fn before_a_word(&mut self) -> Result<()> {
        for form in [Form::Desk, Form::Phone] {
            for theme in THEMES {
                let tab = self.go(form, "shop", theme, LOCALES[0]).await?;
                self.take(&tab, form, theme, "closed").await?;
                tab.open_chat().await?;
                self.take(&tab, form, theme, "empty").await?;
                tab.click_hook("close").await?;
            }
        }
        Ok(())
    }

    /// A conversation with everything in it; the panel stays open.
    async fn talk(&mut self, agent: &mut Agent) -> Result<u64> {
        let tab = self.go(Form::Desk, "shop", "light", LOCALES[0]).await?;
        tab.open_chat().await?;
        self.stage.visitor_writes(&tab, "Good morning!").await?;
        let desk = agent
            .see("the greeting", |desk| desk.find("Good morning!").is_some())
            .await?;
        let conversation = desk.find("Good morning!").context("it")?.conversation;
        for answer in [LONG, CODE] {
            self.stage.agent_writes(agent, conversation, answer).await?;
        }
        self.stage.visitor_writes(&tab, LONG_WORD).await?;
        // Not by keyboard: WebKit's driver has no keys for all of it.
        self.stage
            .agent_writes(agent, conversation, SCRIPTS)
            .await?;
        self.stage.settle(&[&tab], agent, conversation).await?;
        Ok(conversation)
    }

    /// The scene on every form, in every theme and language.
    async fn each(&mut self, scene: &str, kind: &str) -> Result<()> {
        for form in [Form::Desk, Form::Phone] {
            for theme in THEMES {
                for locale in LOCALES {
                    let tab = self.go(form, kind, theme, locale).await?;
                    tab.open_chat().await?;
                    tab.see("the messages", |widget| {
                        widget.connection == "online" && !widget.messages.is_empty()
                    })
                    .await?;
                    let scene = if locale == LOCALES[0] {
                        scene.to_owned()
                    } else {
                        format!("{scene}-{locale}")
                    };
                    self.take(&tab, form, theme, &scene).await?;
                }
            }
        }
        Ok(())
    }

    /// What comes and goes: an unread answer, a typing agent, older messages with new ones below.
    async fn short_scenes(&mut self, agent: &mut Agent, conversation: u64) -> Result<()> {
        for (form, theme) in [(Form::Desk, "light"), (Form::Phone, "dark")] {
            let tab = self.go(form, "shop", theme, LOCALES[0]).await?;
            tab.open_chat().await?;
            online(&tab).await?;
            let up = "const root = document.querySelector('#holdfast-chat').shadowRoot;
                root.querySelector('[data-hf=list]').scrollTop = 0;
                return !root.querySelector('[data-hf=jump]').hidden;";
            let look = async || tab.run::<bool>(up, vec![]).await;
            wait::until("the way to the newest message", look, |shown| *shown).await?;
            agent
                .write(conversation, "The red one came in today.")
                .await?;
            tab.see("the new answer", |widget| {
                widget
                    .messages
                    .last()
                    .is_some_and(|last| last.text.starts_with("The red one"))
            })
            .await?;
            self.take(&tab, form, theme, "older").await?;
            tab.click_hook("jump").await?;
            agent
                .tell(&json!({"typing": {"conversation": conversation, "active": true}}))
                .await?;
            tab.see("typing", |widget| !widget.typing.is_empty())
                .await?;
            self.take(&tab, form, theme, "typing").await?;
            tab.click_hook("close").await?;
            agent
                .write(conversation, "Shall I keep it for you?")
                .await?;
            tab.see("the count", |widget| widget.unread == "1").await?;
            self.take(&tab, form, theme, "unread").await?;
        }
        Ok(())
    }

    async fn refused(&mut self) -> Result<()> {
        for form in [Form::Desk, Form::Phone] {
            for theme in THEMES {
                let tab = self.go(form, "shop", theme, LOCALES[0]).await?;
                tab.open_chat().await?;
                online(&tab).await?;
                tab.write("Refuse this").await?;
                tab.see("the failed message", |widget| {
                    widget.state_of("Refuse this") == Some("failed")
                })
                .await?;
                self.take(&tab, form, theme, "failed").await?;
                tab.click_hook("discard").await?;
            }
        }
        Ok(())
    }

    /// Pages are loaded, and no line comes about.
    async fn offline(&mut self) -> Result<()> {
        self.stage.street.lose(&BOTH);
        let tab = self.go(Form::Desk, "shop", "light", LOCALES[0]).await?;
        tab.open_chat().await?;
        tab.write("Are you still there?").await?;
        tab.draft("I am in a lift and").await?;
        for form in [Form::Desk, Form::Phone] {
            for theme in THEMES {
                let tab = self.go(form, "shop", theme, LOCALES[0]).await?;
                tab.open_chat().await?;
                tab.see("the words about it", |widget| {
                    widget.connection == "offline" && !widget.words.is_empty()
                })
                .await?;
                self.take(&tab, form, theme, "offline").await?;
            }
        }
        Ok(())
    }

    async fn go(&self, form: Form, kind: &str, theme: &str, locale: &str) -> Result<Tab> {
        let path = format!("/{kind}/{theme}/{locale}");
        let is_real_phone = self.engine.has_devtools() && form == Form::Phone;
        if self.engine.has_devtools() {
            let size = if is_real_phone {
                json!({"width": PHONE_WIDTH, "height": PHONE_HEIGHT, "deviceScaleFactor": 2, "mobile": true})
            } else {
                json!({"width": 1000, "height": 760, "deviceScaleFactor": 1, "mobile": false})
            };
            self.tab
                .devtools("Emulation.setDeviceMetricsOverride", size)
                .await?;
        }
        // Another page in between, since an address that differs after the # alone loads nothing.
        self.tab.goto(&self.pages.url("/empty")).await?;
        if form == Form::Desk || is_real_phone {
            self.tab.goto(&self.pages.url(&path)).await?;
            return Ok(self.tab.clone());
        }
        self.tab
            .goto(&self.pages.url(&format!("/phone#{path}")))
            .await?;
        Ok(self.tab.frame(0))
    }

    async fn take(&mut self, tab: &Tab, form: Form, theme: &str, scene: &str) -> Result<()> {
        tab.see("the widget", |widget| widget.here).await?;
        tab.at_rest().await?;
        let form_name = match form {
            Form::Desk => "desk",
            Form::Phone => "phone",
        };
        let name = format!("{scene}-{form_name}-{theme}-{}.png", self.engine);
        let path = self.folder.join(&name);
        // WebKit's driver takes elements a strip too low: its phones come with the desk around them.
        if form == Form::Phone && self.engine == Engine::Firefox {
            let frame = "return document.querySelector('iframe')";
            self.tab.picture_of(frame, &path).await?;
        } else {
            self.tab.picture(&path).await?;
        }
        self.names.push(name);
        Ok(())
    }
}

async fn online(tab: &Tab) -> Result<()> {
    tab.see("a line", |widget| widget.connection == "online")
        .await?;
    Ok(())
}
