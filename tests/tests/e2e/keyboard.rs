//! For everyone: by keyboard, for those who hear the page, and with whatever colour the owner picks.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    proxy::{BOTH, Forgotten},
    samples::QUESTIONS,
    server::operator,
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::hosts::{complaints, watched};
use super::loading::{BUSY, loaded};

in_every_engine!(
    the_whole_chat_works_by_keyboard,
    a_panel_that_fills_the_screen_keeps_the_focus_and_one_beside_the_page_does_not,
    new_messages_are_read_out_once_and_not_again_after_a_cut,
    what_is_read_out_is_new_and_polite_on_the_next_page_too,
    a_bad_accent_is_made_readable,
    a_bad_accent_is_readable_before_the_chat_is_loaded,
    a_message_of_the_panels_own_colour_has_an_edge,
    what_is_filled_in_has_edges_that_can_be_seen,
);

pub(super) const TAB: &str = "\u{E004}";
pub(super) const SHIFT_TAB: &str = "\u{E008}\u{E004}";
const ESCAPE: &str = "\u{E00C}";

/// Where the focus is: the hook or the name of what has it in the widget, or the tag's name on the page.
const FOCUS: &str =
    "const inside = document.querySelector('#holdfast-chat')?.shadowRoot?.activeElement;
    return inside?.dataset.hf || inside?.name || document.activeElement?.tagName || '';";

/// What has the focus, so that a key can be sent to it.
const FOCUSED: &str = "return document.querySelector('#holdfast-chat')?.shadowRoot?.activeElement
    ?? document.activeElement;";

/// Presses a key where the focus is; returns where it is then.
pub(super) async fn press(tab: &Tab, key: &str) -> Result<String> {
    tab.type_keys(FOCUSED, vec![], key).await?;
    tab.run(FOCUS, vec![]).await
}

/// Waits until what has this hook, or this name, has the focus.
pub(super) async fn focus(tab: &Tab, wanted: &str) -> Result<()> {
    let what = format!("the focus on {wanted}");
    let read = async || tab.run::<String>(FOCUS, vec![]).await;
    wait::until(&what, read, |found| found == wanted).await?;
    Ok(())
}

/// Waits for what is loaded once the panel is open.
async fn extras(tab: &Tab) -> Result<()> {
    let there = "return !!document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=menu]')";
    let look = async || tab.run::<bool>(there, vec![]).await;
    wait::until("the extras", look, |is_there| *is_there).await?;
    Ok(())
}

async fn the_whole_chat_works_by_keyboard(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tab = stage.browser.open(&stage.page("/")).await?;
    tab.see("the widget", |widget| widget.here).await?;
    let launcher = "document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=launcher]').focus()";
    tab.run::<Value>(launcher, vec![]).await?;
    press(&tab, "\u{E007}").await?;
    tab.see("the panel", |widget| widget.open).await?;
    focus(&tab, "composer").await?;
    tab.write("by keyboard").await?;
    focus(&tab, "composer").await?;
    extras(&tab).await?;
    ensure!(press(&tab, TAB).await? == "emoji");
    ensure!(press(&tab, TAB).await? == "send");
    ensure!(press(&tab, SHIFT_TAB).await? == "emoji");
    ensure!(press(&tab, SHIFT_TAB).await? == "composer");
    ensure!(
        press(&tab, SHIFT_TAB).await? == "list",
        "the list can be scrolled by keyboard"
    );
    ensure!(press(&tab, SHIFT_TAB).await? == "close");
    ensure!(press(&tab, SHIFT_TAB).await? == "menu");
    // A panel beside the page is no trap: the way leads on to the page.
    ensure!(press(&tab, SHIFT_TAB).await? != "send");
    tab.run::<Value>(&launcher.replace("launcher", "composer"), vec![])
        .await?;
    press(&tab, ESCAPE).await?;
    tab.see("no panel", |widget| !widget.open).await?;
    focus(&tab, "launcher").await
}

async fn a_panel_that_fills_the_screen_keeps_the_focus_and_one_beside_the_page_does_not(
    engine: Engine,
) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tab = stage.visitor().await?;
    let modal = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=panel]').ariaModal";
    ensure!(tab.run::<String>(modal, vec![]).await? == "false");
    tab.on_phone().await?;
    let read = async || tab.run::<String>(modal, vec![]).await;
    wait::until("a modal panel", read, |found| found == "true").await?;
    focus(&tab, "composer").await?;
    extras(&tab).await?;
    for wanted in ["emoji", "send", "menu"] {
        let found = press(&tab, TAB).await?;
        ensure!(found == wanted, "{found} instead of {wanted}");
    }
    for wanted in ["send", "emoji"] {
        let found = press(&tab, SHIFT_TAB).await?;
        ensure!(found == wanted, "{found} instead of {wanted}");
    }
    Ok(())
}

async fn new_messages_are_read_out_once_and_not_again_after_a_cut(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    let listen = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        window.readOut = [];
        const live = [...root.querySelectorAll('[aria-live]:not([aria-live=off])')];
        const hear = ({ addedNodes }) => addedNodes.forEach(({ textContent }) => readOut.push(textContent));
        for (const region of live) new MutationObserver((all) => all.forEach(hear)).observe(region, { childList: true });
        return live.length;";
    ensure!(tab.run::<u64>(listen, vec![]).await? == 2);
    stage
        .agent_writes(&mut agent, conversation, "a new one")
        .await?;
    let heard = async || tab.run::<Vec<String>>("return readOut", vec![]).await;
    let is_read = |heard: &Vec<String>| heard.len() == 1;
    let found = wait::until("the message read out", heard, is_read).await?;
    ensure!(found == ["Ana: a new one"], "{found:?}");

    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, "written in a tunnel").await?;
    tab.see("the cut noticed", |widget| widget.connection != "online")
        .await?;
    for missed in ["missed", "missed, too"] {
        stage.agent_writes(&mut agent, conversation, missed).await?;
    }
    agent
        .see("both in the log", |desk| {
            desk.lines(conversation).len() == 4
        })
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    let all = ["Ana: a new one", "Ana: missed", "Ana: missed, too"];
    let found = heard().await?;
    ensure!(found == all, "each of those that come at once: {found:?}");
    // The log is read again from its start, as after a restored backup.
    stage.server.stop().await?;
    operator(stage.server.data(), &["new-epoch"]).await?;
    stage.server.start_again().await?;
    tab.write("after the restore").await?;
    tab.see("the line again, and everything on the screen", |widget| {
        let is_sent = widget.state_of("after the restore") != Some("waiting");
        is_sent && widget.connection == "online" && widget.messages.len() == 7
    })
    .await?;
    let found = heard().await?;
    ensure!(found == all, "read out again: {found:?}");
    agent.write(conversation, "missed, too").await?;
    let is_read = |heard: &Vec<String>| heard.len() > all.len();
    let found = wait::until("the same words once more", heard, is_read).await?;
    ensure!(found[3..] == ["Ana: missed, too"], "{found:?}");
    Ok(())
}

/// A region that held the conversation would be read out when it is put onto the page.
async fn what_is_read_out_is_new_and_polite_on_the_next_page_too(engine: Engine) -> Result<()> {
    const LIVE: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        return [...root.querySelectorAll('[aria-live]:not([aria-live=off])')].map((it) => [it.ariaLive ?? it.getAttribute('aria-live'), it.textContent])";
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    let live = async || tab.run::<Vec<(String, String)>>(LIVE, vec![]).await;
    // One in the panel, and one for when that is closed.
    let polite = |texts: [&str; 2]| texts.map(|text| ("polite".to_owned(), text.to_owned()));
    let greeting = polite(["Ana: How can I help?", ""]);
    wait::until("the greeting read out", live, |found| *found == greeting).await?;
    // With an open panel, with a closed one that is opened then, and in another tab.
    tab.reload().await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    extras(&tab).await?;
    let found = live().await?;
    ensure!(found == polite(["", ""]), "{found:?}");
    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    tab.reload().await?;
    tab.see("the line", |widget| widget.connection == "online")
        .await?;
    stage
        .agent_writes(&mut agent, conversation, "unseen")
        .await?;
    let unseen = polite(["", "Ana: unseen"]);
    wait::until("what nobody sees", live, |found| *found == unseen).await?;
    tab.open_chat().await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    stage.agent_writes(&mut agent, conversation, "new").await?;
    let new = polite(["Ana: new", "Ana: unseen"]);
    wait::until("what is new", live, |found| *found == new).await?;
    Ok(())
}

async fn a_bad_accent_is_made_readable(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = with_tag(stage.street.addr(), "demo", "data-accent=\"#88f\"");
    let pages = Pages::serve([("/", watched(&page))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    tab.write("in colour").await?;
    // Who uses keys is shown where the focus is.
    press(&tab, TAB).await?;
    for theme in ["light", "dark"] {
        for accent in [
            "#88f",
            "#777",
            "#fff",
            "black",
            "gold",
            "hsl(120 100% 40%)",
            "rgb(255, 0, 0)",
        ] {
            let dress = "Holdfast.update({ theme: arguments[0], accent: arguments[1] })";
            tab.run::<Value>(dress, vec![json!(theme), json!(accent)])
                .await?;
            for hook in ["launcher", "title", "subtitle", "text"] {
                let pair: Vec<Vec<f64>> = tab.run(COLOURS, vec![json!(hook)]).await?;
                let contrast = contrast(&pair[0], &pair[1]);
                ensure!(
                    contrast >= 4.5,
                    "{hook} in {accent}, {theme}: {contrast:.2} of {pair:?}"
                );
            }
            for hook in ["close", "list", "send"] {
                let pair: Vec<Vec<f64>> = tab.run(RING, vec![json!(hook)]).await?;
                let contrast = contrast(&pair[0], &pair[1]);
                ensure!(
                    contrast >= ICON,
                    "the focus on {hook} in {accent}, {theme}: {contrast:.2} of {pair:?}"
                );
            }
        }
    }
    // A colour that is good stays as it is.
    tab.run::<Value>("Holdfast.update({ accent: 'rgb(120, 20, 60)' })", vec![])
        .await?;
    let pair: Vec<Vec<f64>> = tab.run(COLOURS, vec![json!("launcher")]).await?;
    ensure!(pair[1] == [120.0, 20.0, 60.0], "{pair:?}");
    tab.run::<Value>("Holdfast.update({ accent: 'bleu' })", vec![])
        .await?;
    let told = async || complaints(&tab).await;
    wait::until("a warning", told, |lines| {
        lines.iter().any(|line| line.contains("accent is a colour"))
    })
    .await?;
    Ok(())
}

/// Whether the visitor's message has an edge that is seen.
const EDGE: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
    return !/^rgba\\(0, 0, 0, 0\\)/.test(getComputedStyle(root.querySelector('.mine .text')).boxShadow);";

async fn a_message_of_the_panels_own_colour_has_an_edge(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = with_tag(stage.street.addr(), "demo", "");
    let pages = Pages::serve([("/", watched(&page))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    tab.write("hardly seen").await?;
    let look = async || tab.run::<bool>(EDGE, vec![]).await;
    ensure!(!look().await?, "our own colour needs none");
    // By turns with and without, so that each look waits for its own colours.
    for (theme, accent, has_edge) in [
        ("light", "#fffde7", true),
        ("light", "#0a7d4f", false),
        ("dark", "#10181c", true),
        ("dark", "#fffde7", false),
        ("light", "#fffde7", true),
        ("light", "", false),
    ] {
        let dress = "Holdfast.update({ theme: arguments[0], accent: arguments[1] })";
        tab.run::<Value>(dress, vec![json!(theme), json!(accent)])
            .await?;
        let what = format!("{accent} in {theme}");
        wait::until(&what, look, |found| *found == has_edge).await?;
    }
    Ok(())
}

async fn what_is_filled_in_has_edges_that_can_be_seen(engine: Engine) -> Result<()> {
    const EDGES: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        const parts = (text) => text.match(/[\\d.]+/g).map(Number);
        const panel = parts(getComputedStyle(root.querySelector('[data-hf=panel]')).backgroundColor).slice(0, 3);
        return [...root.querySelectorAll('.ask :is(input, textarea)')].map((field) => {
            const style = getComputedStyle(field, field.type === 'checkbox' ? '::before' : null);
            const [red, green, blue, opacity = 1] = parts(style.borderTopColor);
            return [opacity && parseFloat(style.borderTopWidth) ? [red, green, blue] : panel, panel];
        })";
    let stage = Stage::set_in(engine).await?;
    stage.server.set_site(QUESTIONS).await?;
    let tab = stage.browser.open(&stage.page("/")).await?;
    tab.open_chat().await?;
    for theme in ["light", "dark"] {
        let dress = "Holdfast.update({ theme: arguments[0] })";
        tab.run::<Value>(dress, vec![json!(theme)]).await?;
        let look = async || tab.run::<Vec<[Vec<f64>; 2]>>(EDGES, vec![]).await;
        let fields = wait::until("the questions", look, |fields| fields.len() == 4).await?;
        for [edge, ground] in fields {
            let contrast = contrast(&edge, &ground);
            ensure!(
                contrast >= ICON,
                "{theme}: {contrast:.2} of {edge:?} on {ground:?}"
            );
        }
    }
    Ok(())
}

/// What is seen of an icon, by WCAG 2.2.
const ICON: f64 = 3.0;

/// The pasted script alone paints an accent only where it is a colour, and an icon on it that can be seen.
async fn a_bad_accent_is_readable_before_the_chat_is_loaded(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = |accent: &str| {
        let tag = with_tag(
            stage.street.addr(),
            "demo",
            &format!("data-accent=\"{accent}\""),
        );
        [BUSY, &tag].concat()
    };
    let ours = [13.0, 91.0, 110.0];
    let accents = [
        ("/pale", "#fffde7", [255.0, 253.0, 231.0]),
        ("/name", "gold", [255.0, 215.0, 0.0]),
        ("/grey", "hsl(0 0% 47%)", [120.0, 120.0, 120.0]),
        ("/deep", "#7a0000", [122.0, 0.0, 0.0]),
        ("/none", "bleu", ours),
        ("/glass", "rgb(255 255 255 / 10%)", ours),
        ("/word", "inherit", [0.0, 0.0, 0.0]),
    ];
    let pages = Pages::serve(accents.map(|(path, accent, _)| (path, page(accent)))).await?;
    let tab = stage.browser.open(&pages.url("/pale")).await?;
    for (path, accent, wanted) in accents {
        tab.goto(&pages.url(path)).await?;
        tab.see("the launcher", |widget| widget.here).await?;
        let pair: Vec<Vec<f64>> = tab.run(COLOURS, vec![json!("launcher")]).await?;
        ensure!(loaded(&tab).await? == 0, "loaded before its time");
        ensure!(pair[1] == wanted, "{accent} is painted as {pair:?}");
        let contrast = contrast(&pair[0], &pair[1]);
        ensure!(contrast >= ICON, "{accent}: {contrast:.2} of {pair:?}");
    }
    Ok(())
}

/// The colours of an element's text and of what it stands on.
const COLOURS: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
    let element = root.querySelector(`[data-hf=${arguments[0]}]`);
    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
    const words = parts(getComputedStyle(element).color);
    let ground;
    do { ground = parts(getComputedStyle(element).backgroundColor); element = element.parentElement; } while (ground[3] === 0);
    return [words.slice(0, 3), ground.slice(0, 3)];";

/// The colours of the ring around an element that has the focus, and of what it stands on.
const RING: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
    let element = root.querySelector(`[data-hf=${arguments[0]}]`);
    element.focus({ focusVisible: true });
    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    if (outlineStyle !== 'solid' || parseFloat(outlineWidth) < 3) throw new Error(`no ring: ${outlineStyle} ${outlineWidth}`);
    let ground;
    do { element = element.parentElement; ground = parts(getComputedStyle(element).backgroundColor); } while (ground[3] === 0);
    return [parts(outlineColor).slice(0, 3), ground.slice(0, 3)];";

/// As WCAG 2.2 defines it.
fn contrast(one: &[f64], other: &[f64]) -> f64 {
    let luminance = |rgb: &[f64]| {
        let linear = |part: f64| {
            let part = part / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
