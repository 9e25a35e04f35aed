//! A browser, the pages that it shows, and the pictures that were taken of them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    pages::Pages,
    proxy::Scope,
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::site;

/// The window of a phone, upright and turned.
const PHONE: (u32, u32) = (390, 690);
const TURNED: (u32, u32) = (844, 340);

/// Before a script: the widget's shadow root, and what finds in it by hook.
const INSIDE: &str = "const root = document.querySelector('#holdfast-chat')?.shadowRoot;
    const find = (hook) => root?.querySelector(`[data-hf=\"${hook}\"]`);
    const shown = (hook) => !!find(hook)?.checkVisibility();
    ";

/// Two pictures of the screen later, all that was changed before is on it.
const PAINTED: &str = "const done = arguments[arguments.length - 1];
    requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done())));";

/// On what the page is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Desk,
    Phone,
    Turned,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Phone => "phone",
            Self::Turned => "turned",
        }
    }

    /// A phone's window.
    fn screen(self) -> Option<(u32, u32)> {
        match self {
            Self::Desk => None,
            Self::Phone => Some(PHONE),
            Self::Turned => Some(TURNED),
        }
    }
}

/// On what, and in which colours.
#[derive(Clone, Copy)]
pub(super) struct Look {
    form: Form,
    theme: &'static str,
}

/// Every scene is shown so.
pub(super) const LOOKS: [Look; 4] = [
    Look::of(Form::Desk, "light"),
    Look::of(Form::Desk, "dark"),
    Look::of(Form::Phone, "light"),
    Look::of(Form::Phone, "dark"),
];

/// A phone that lies on its side, in whose low window the panel has the least room.
pub(super) const SIDEWAYS: [Look; 2] = [
    Look::of(Form::Turned, "light"),
    Look::of(Form::Turned, "dark"),
];

impl Look {
    const fn of(form: Form, theme: &'static str) -> Self {
        Self { form, theme }
    }
}

/// The pictures of one engine.
pub(super) struct Album {
    pub(super) stage: Stage,
    agent: Option<Agent>,
    engine: Engine,
    folder: PathBuf,
    pages: Pages,
    tab: Tab,
    names: Vec<String>,
}

impl Album {
    /// Sets the stage. The line can be cut in such a way that pages still load.
    pub(super) async fn open(engine: Engine, folder: &Path) -> Result<Self> {
        let stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
        let pages = site::serve(stage.street.addr()).await?;
        let tab = stage.browser.open(&pages.url("/empty")).await?;
        Ok(Self {
            agent: None,
            stage,
            engine,
            folder: folder.to_path_buf(),
            pages,
            tab,
            names: Vec::new(),
        })
    }

    /// Brings the agent, who was not there before.
    pub(super) async fn hire(&mut self) -> Result<()> {
        self.agent = Some(self.stage.agent("Ana").await?);
        Ok(())
    }

    /// The agent.
    pub(super) fn agent(&mut self) -> Result<&mut Agent> {
        self.agent.as_mut().context("nobody was hired")
    }

    /// The files, within the folder.
    pub(super) fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// The site at another address, where nobody knows the visitor, with what its owner has set.
    pub(super) async fn newcomer(&mut self, settings: &str) -> Result<()> {
        self.stage.server.set_site(settings).await?;
        self.tab.goto("about:blank").await?;
        self.pages = site::serve(self.stage.street.addr()).await?;
        Ok(())
    }

    /// A page of the kind, with a closed panel unless the visitor had left it open.
    pub(super) async fn go(&self, look: Look, kind: &str, locale: &str) -> Result<Tab> {
        let path = format!("/{kind}/{}/{locale}", look.theme);
        if self.engine.has_devtools() {
            let size = match look.form.screen() {
                Some((width, height)) => {
                    json!({"width": width, "height": height, "deviceScaleFactor": 2, "mobile": true})
                }
                None => {
                    json!({"width": 1000, "height": 760, "deviceScaleFactor": 1, "mobile": false})
                }
            };
            self.tab
                .devtools("Emulation.setDeviceMetricsOverride", size)
                .await?;
        }
        // Another page in between, since an address that differs after the # alone loads nothing.
        self.tab.goto(&self.pages.url("/empty")).await?;
        let framed = look.form.screen().filter(|_| !self.engine.has_devtools());
        let tab = if let Some((width, height)) = framed {
            let around = format!("/phone#{width},{height},{path}");
            self.tab.goto(&self.pages.url(&around)).await?;
            self.tab.frame(0)
        } else {
            self.tab.goto(&self.pages.url(&path)).await?;
            self.tab.clone()
        };
        tab.see("the widget", |widget| widget.here).await?;
        Ok(tab)
    }

    /// The same with an open panel, and all that is loaded after it.
    pub(super) async fn chat(&self, look: Look, kind: &str, locale: &str) -> Result<Tab> {
        let tab = self.go(look, kind, locale).await?;
        // Not by a click: the panel may just be restored, and the launcher with it be gone.
        tab.run::<Value>("Holdfast.open()", vec![]).await?;
        tab.see("the open panel", |widget| widget.open).await?;
        holds(&tab, "return shown('menu') && shown('emoji')").await?;
        Ok(tab)
    }

    /// Lets the system have few colours of its own, or takes them back; returns whether the browser can be told so.
    pub(super) async fn contrast(&self, is_high: bool) -> Result<bool> {
        let can = self.engine.has_devtools();
        if can {
            let forced = json!([
                {"name": "forced-colors", "value": "active"},
                {"name": "prefers-color-scheme", "value": "dark"},
            ]);
            let features = if is_high { forced } else { json!([]) };
            let media = json!({"features": features});
            self.tab
                .devtools("Emulation.setEmulatedMedia", media)
                .await?;
        }
        Ok(can)
    }

    /// Takes the picture, once nothing moves.
    pub(super) async fn take(&mut self, tab: &Tab, look: Look, scene: &str) -> Result<()> {
        tab.at_rest().await?;
        // WebKit's driver takes the picture that was painted last.
        tab.run_async::<()>(PAINTED, vec![]).await?;
        let form = look.form.name();
        let name = format!("{scene}-{form}-{}-{}.png", look.theme, self.engine);
        let path = self.folder.join(&name);
        // WebKit's driver takes elements a strip too low: its phones come with the desk around them.
        if look.form != Form::Desk && self.engine == Engine::Firefox {
            let frame = "return document.querySelector('iframe')";
            self.tab.picture_of(frame, &path).await?;
        } else {
            self.tab.picture(&path).await?;
        }
        self.names.push(name);
        Ok(())
    }

    /// Lets the visitor begin; returns the conversation. Not by keyboard: WebKit's driver has no keys for every script.
    pub(super) async fn begin(&mut self, tab: &Tab, text: &str) -> Result<u64> {
        let send = "Holdfast.sendMessage(arguments[0])";
        tab.run::<Value>(send, vec![json!(text)]).await?;
        let desk = self
            .agent()?
            .see("the first message", |desk| desk.find(text).is_some())
            .await?;
        Ok(desk.find(text).context("it")?.conversation)
    }

    /// Lets the agent answer, and waits until the visitor has it.
    pub(super) async fn answer(&mut self, tab: &Tab, conversation: u64, text: &str) -> Result<()> {
        self.agent()?.write(conversation, text).await?;
        tab.see("the answer", |widget| {
            widget.messages.last().is_some_and(|last| last.text == text)
        })
        .await?;
        Ok(())
    }
}

/// Waits until a script's body in the widget returns true.
pub(super) async fn holds(tab: &Tab, script: &str) -> Result<()> {
    let script = format!("{INSIDE}{script}");
    let look = async || tab.run::<bool>(&script, vec![]).await;
    wait::until(&script, look, |holds| *holds).await?;
    Ok(())
}

/// Waits for a line.
pub(super) async fn online(tab: &Tab) -> Result<()> {
    tab.see("a line", |widget| widget.connection == "online")
        .await?;
    Ok(())
}
