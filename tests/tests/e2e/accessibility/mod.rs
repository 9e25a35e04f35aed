//! The open panel, judged by axe-core by the rules of WCAG 2.2 AA, in each of its states.

mod states;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    foreign, in_every_engine,
    pages::{Page, Pages, tag},
    proxy::BOTH,
    samples::{CLOSED, QUESTIONS, REJECT},
    stage::Stage,
    wait,
};
use serde::Deserialize;
use serde_json::json;

in_every_engine!(a_light_panel, a_dark_panel, a_panel_on_a_phone);

/// The rules of the standard's levels A and AA, up to its version 2.2.
const RULES: [&str; 6] = [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa",
];

/// What the owner says and wants to know.
const OWN: &str = "greeting = \"Welcome to the shop\"\nrating = true\n";

/// What owners choose, well and badly: dark, in between, and so pale that nothing white can be read on it.
const ACCENTS: [&str; 3] = ["#4c1d95", "#e8590c", "#fffde7"];

/// A phone's window; engines that run on a desk have no narrower one than a frame.
const PHONE: &str = "<!doctype html><html lang=\"en\"><title>Phone</title>\
    <iframe title=\"phone\" src=\"/\" width=390 height=640></iframe>";

/// States with a list over the others' parts.
const COVERING: [&str; 2] = ["choice", "menu-list"];

const AUDIT: &str = "
    const done = arguments[arguments.length - 1];
    const brief = (found) => found.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${node.html}: ${id}: ${node.failureSummary}`));
    axe.run({ include: [['#holdfast-chat']] }, { runOnly: { type: 'tag', values: arguments[0] } }).then(
        ({ passes, violations, incomplete }) =>
            done({ passed: passes.length, violations: brief(violations), unsure: brief(incomplete) }),
        (error) => done({ passed: 0, violations: [String(error)], unsure: [] }));";

#[derive(Debug, Deserialize)]
struct Report {
    passed: usize,
    violations: Vec<String>,
    unsure: Vec<String>,
}

async fn a_light_panel(engine: Engine) -> Result<()> {
    audit_all(engine, "light", false).await
}

async fn a_dark_panel(engine: Engine) -> Result<()> {
    audit_all(engine, "dark", false).await
}

async fn a_panel_on_a_phone(engine: Engine) -> Result<()> {
    audit_all(engine, "light", true).await
}

/// Leads the panel through its states.
async fn audit_all(engine: Engine, theme: &str, is_phone: bool) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let closed = format!("{OWN}away = \"We are back on Monday\"\n{CLOSED}");
    stage.server.set_site(&closed).await?;
    let pages = site(&stage, theme).await?;
    let tab = if is_phone {
        stage.browser.open(&pages.url("/phone")).await?.frame(0)
    } else {
        stage.browser.open(&pages.url("/")).await?
    };
    tab.see("the widget", |widget| widget.here).await?;
    below(&tab).await?;
    audit(&tab, "closed").await?;
    tab.open_chat().await?;
    inside(
        &tab,
        "return find('menu') && find('subtitle').textContent.startsWith('Away. Back: ')",
    )
    .await?;
    audit(&tab, "away").await?;
    let mut agent = stage.agent("Ana").await?;
    stage.server.set_site(&format!("{OWN}{QUESTIONS}")).await?;
    inside(&tab, "return find('prechat')?.hidden === false").await?;
    audit(&tab, "empty, with questions").await?;
    tab.draft("Is the rope in stock?\u{E007}").await?;
    inside(&tab, "return root.activeElement.name === 'name'").await?;
    audit(&tab, "unanswered").await?;
    let name =
        "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[name=name]')";
    tab.type_keys(name, vec![], "Lin").await?;
    tab.click(&name.replace("name=name", "name=privacy"), vec![])
        .await?;
    for (button, list) in [("emoji", "choice"), ("menu", "menu-list")] {
        tab.click_hook(button).await?;
        inside(&tab, &format!("return !find('{list}').hidden")).await?;
        audit(&tab, list).await?;
    }
    tab.click_hook("menu").await?;
    inside(&tab, "return find('menu-list').hidden").await?;
    inside(&tab, "find('composer').value = ''; find('composer').dispatchEvent(new Event('input')); return true").await?;

    stage.visitor_writes(&tab, "Is the rope in stock?").await?;
    let desk = agent
        .see("the question", |desk| {
            desk.find("Is the rope in stock?").is_some()
        })
        .await?;
    let conversation = desk
        .find("Is the rope in stock?")
        .context("it")?
        .conversation;
    let answer = "Yes, in forty metres. See https://example.com/rope, or call us.";
    stage.agent_writes(&mut agent, conversation, answer).await?;
    agent
        .tell(&json!({"typing": {"conversation": conversation, "active": true}}))
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    audit(&tab, "conversation").await?;
    audit_choices(&tab, theme, is_phone).await?;

    agent
        .tell(&json!({"close": {"conversation": conversation}}))
        .await?;
    inside(&tab, "return find('rating')?.hidden === false").await?;
    let star =
        "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[value=\"4\"]')";
    tab.click(star, vec![]).await?;
    inside(&tab, "return !find('comment').hidden").await?;
    audit(&tab, "rating").await?;
    tab.click_hook("rate").await?;
    inside(&tab, "return !!find('rated')").await?;
    audit(&tab, "rated").await?;

    tab.write("Refuse this").await?;
    tab.see("the failed message", |widget| {
        widget.state_of("Refuse this") == Some("failed")
    })
    .await?;
    audit(&tab, "failed").await?;

    stage.street.lose(&BOTH);
    tab.write("Are you there?").await?;
    tab.draft("I will wa").await?;
    tab.see("the words about it", |widget| {
        widget.connection == "offline" && !widget.words.is_empty()
    })
    .await?;
    audit(&tab, "offline").await
}

/// The same with what an owner may choose, and from right to left.
async fn audit_choices(tab: &Tab, theme: &str, is_phone: bool) -> Result<()> {
    let call = async |script: String| tab.run::<()>(&script, vec![]).await;
    const HEAD: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        return root.querySelector('[data-hf=root]').style.getPropertyValue('--head')";
    for accent in ACCENTS {
        let before: String = tab.run(HEAD, vec![]).await?;
        call(format!("Holdfast.update({{ accent: '{accent}' }})")).await?;
        // What makes it readable is fetched.
        let look = async || tab.run::<String>(HEAD, vec![]).await;
        wait::until(accent, look, |head| *head != before).await?;
        audit(tab, accent).await?;
    }
    call("Holdfast.update({ accent: '' }); Holdfast.setLocale('ar')".into()).await?;
    inside(tab, "return find('root').dir === 'rtl'").await?;
    // It was made anew.
    below(tab).await?;
    audit(tab, "Arabic").await?;
    call("Holdfast.setLocale('en')".into()).await?;
    inside(tab, "return find('root').dir === 'ltr'").await?;
    below(tab).await?;
    if is_phone {
        call("Holdfast.setTheme('dark')".into()).await?;
        audit(tab, "dark phone").await?;
        call(format!("Holdfast.setTheme('{theme}')")).await?;
    }
    Ok(())
}

/// Judges the chat in a window that was loaded without axe.
pub(super) async fn audit_window(tab: &Tab, state: &str) -> Result<()> {
    let axe = foreign::from_npm("axe-core/axe.min.js")?;
    let load = "const script = document.createElement('script');
        script.textContent = arguments[0];
        document.head.append(script);";
    tab.run::<()>(load, vec![json!(axe)]).await?;
    below(tab).await?;
    audit(tab, state).await
}

/// The widget stands beside the body, and axe looks for backgrounds below the body only.
async fn below(tab: &Tab) -> Result<()> {
    let script = "document.body.append(document.querySelector('#holdfast-chat'))";
    tab.run::<()>(script, vec![]).await
}

/// Waits until a script's body in the widget returns something true.
async fn inside(tab: &Tab, script: &str) -> Result<()> {
    let script = format!(
        "const root = document.querySelector('#holdfast-chat').shadowRoot;
        const find = (hook) => root.querySelector(`[data-hf=\"${{hook}}\"]`);
        const look = () => {{ {script} }};
        return !!look();"
    );
    let look = async || tab.run::<bool>(&script, vec![]).await;
    wait::until(&script, look, |holds| *holds).await?;
    Ok(())
}

async fn site(stage: &Stage, theme: &str) -> Result<Pages> {
    let attributes = format!("data-site=\"demo\" data-theme=\"{theme}\"");
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><title>A shop</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <script>{REJECT}</script><script src=\"/axe.js\"></script></head>\
         <body><main><h1>A shop</h1></main>{}</body></html>",
        tag(stage.street.addr(), &attributes)
    );
    let axe = foreign::from_npm("axe-core/axe.min.js")?;
    Pages::serve([
        ("/", Page::html(html)),
        ("/phone", Page::html(PHONE)),
        ("/axe.js", Page::script(axe)),
    ])
    .await
}

async fn audit(tab: &Tab, state: &str) -> Result<()> {
    tab.at_rest().await?;
    let report: Report = tab.run_async(AUDIT, vec![json!(RULES)]).await?;
    println!(
        "{state}: {} rules passed, {} not, {} undecided",
        report.passed,
        report.violations.len(),
        report.unsure.len()
    );
    // The initial is an ornament beside the name, of the name's colours, under the mark of presence.
    let open = report.unsure.iter();
    let open = open.filter(|node| !node.starts_with("<b>A</b>"));
    // What lies under an open list was judged in the state before.
    let covered = ["overlapped by another element", "Element has no value"];
    let is_covered = |node: &String| covered.iter().any(|why| node.contains(why));
    let open: Vec<_> = open
        .filter(|node| !(COVERING.contains(&state) && is_covered(node)))
        .collect();
    ensure!(open.is_empty(), "{state}: undecided: {open:#?}");
    ensure!(report.passed > 3, "axe looked at nothing: {report:?}");
    ensure!(
        report.violations.is_empty(),
        "{state}: {:#?}",
        report.violations
    );
    Ok(())
}
