//! Components of React and Vue, with the frameworks' own packages, built as sites build them.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    documents::{at, example},
    foreign, in_every_engine,
    pages::{Page, Pages},
    stage::Stage,
};
use serde_json::json;

use super::super::hosts::{complaints, page, serve_with};
use super::holds;

in_every_engine!(components_of_react, a_component_of_vue);

const HEADING: &str = "React, Vue and other applications";

/// A whole application around the document's components; its strict mode mounts everything twice to find faults.
const REACT: &str = r#"
    import { StrictMode, useState } from "react";
    import { createRoot } from "react-dom/client";
    import { Chat, Unread } from "./example.jsx";

    function App() {
      const [locale, setLocale] = useState("en");
      const [isThere, setThere] = useState(true);
      Object.assign(window.app, { setLocale, setThere });
      return <main>{isThere && <Chat locale={locale} />}<Unread /></main>;
    }
    window.app = {};
    createRoot(document.getElementById("app")).render(<StrictMode><App /></StrictMode>);"#;

const VUE: &str = r##"
    import { createApp, h, ref } from "vue";
    import Example from "./example.js";

    const isThere = ref(true);
    window.app = { setThere: (is) => { isThere.value = is; } };
    createApp({ render: () => isThere.value ? h(Example) : null }).mount("#app");"##;

/// What a build does with a component of one file.
const COMPILE: &str = r#"
    const { parse, compileScript } = require("vue/compiler-sfc");
    const { descriptor, errors } = parse(process.argv[1]);
    if (errors.length) throw errors[0];
    console.log(compileScript(descriptor, { id: "example", inlineTemplate: true }).content);"#;

/// The host's element on the page, and its language.
const LANGUAGE: &str = "return document.querySelector('#holdfast-chat')?.shadowRoot
    .querySelector('[data-hf=root]').lang";

/// An `index.html` as the document says, with an application.
async fn serve_app(stage: &Stage, script: String) -> Result<Pages> {
    let snippet = example("Calls", "html", 0)?;
    let tag = at(stage.street.addr(), example(HEADING, "html", 0)?)?;
    let body = "<div id=\"app\"></div><script src=\"/app.js\"></script>";
    let index = page(&[snippet, &tag].concat(), body);
    serve_with(index, [("/app.js", Page::script(script))]).await
}

/// Writes the modules into a folder of their own, and joins them.
async fn build(modules: &[(&str, &str)], mode: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    for (name, text) in modules {
        fs::write(folder.path().join(name), text)?;
    }
    let (main, _) = modules[0];
    foreign::bundle(Path::new(folder.path()), main, mode).await
}

async fn components_of_react(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let example = example(HEADING, "jsx", 0)?;
    let modules = [("main.jsx", REACT), ("example.jsx", example)];
    // React itself says in the console that there are tools for it.
    let pages = serve_app(&stage, build(&modules, "development").await?).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    talk_by_component(&mut stage, &tab, "Chat (1)").await?;
    tab.run::<()>("app.setLocale('fr')", vec![]).await?;
    holds(&tab, &format!("{LANGUAGE} === 'fr'")).await?;
    comes_and_goes(&tab).await?;
    let mut said = complaints(&tab).await?;
    said.retain(|line| !line.contains("React DevTools"));
    ensure!(said.is_empty(), "{said:#?}");
    Ok(())
}

async fn a_component_of_vue(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let example = example(HEADING, "vue", 0)?;
    let compiled = foreign::node(COMPILE, &[example.as_ref()]).await?;
    let modules = [("main.js", VUE), ("example.js", &*compiled)];
    let pages = serve_app(&stage, build(&modules, "production").await?).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    talk_by_component(&mut stage, &tab, "Chat (1)").await?;
    comes_and_goes(&tab).await?;
    let said = complaints(&tab).await?;
    ensure!(said.is_empty(), "{said:#?}");
    Ok(())
}

/// The component's button opens the chat, and counts what is unread.
async fn talk_by_component(stage: &mut Stage, tab: &Tab, counted: &str) -> Result<()> {
    let button = "return document.querySelector('#app button')";
    tab.see("the widget", |widget| widget.here).await?;
    tab.click(button, vec![]).await?;
    tab.see("the panel", |widget| widget.open).await?;
    let mut agent = stage.agent("Ana").await?;
    stage.visitor_writes(tab, "Hello").await?;
    let desk = agent.see("it", |desk| !desk.messages.is_empty()).await?;
    let conversation = desk.messages[0].conversation;
    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    stage.agent_writes(&mut agent, conversation, "Hi").await?;
    let text = format!("{button}.textContent.trim() === {}", json!(counted));
    holds(tab, &text).await?;
    tab.click(button, vec![]).await?;
    stage.settle(&[tab], &agent, conversation).await?;
    holds(tab, &format!("{button}.textContent.trim() === 'Chat'")).await
}

/// With its component the chat leaves the page, and comes back as it was.
async fn comes_and_goes(tab: &Tab) -> Result<()> {
    tab.run::<()>("app.setThere(false)", vec![]).await?;
    tab.see("no widget", |widget| !widget.here).await?;
    tab.run::<()>("app.setThere(true)", vec![]).await?;
    tab.see("the conversation again", |widget| {
        widget.open && widget.messages.len() == 2
    })
    .await?;
    let count = "return document.querySelectorAll('#holdfast-chat').length === 1";
    holds(tab, count).await
}
