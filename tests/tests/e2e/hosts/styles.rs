//! Pages whose styles mean everything that is on them.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Page, Pages},
    stage::Stage,
};

use super::{CONTENT, cannot_show, chat_works_in, place, serve_with, tag_for};

in_every_engine!(
    everything_is_unset,
    everything_is_reset_with_importance,
    every_div_is_hidden,
    texts_are_of_an_odd_size_and_shape,
    letters_of_the_root_are_tiny_or_huge,
    the_page_is_zoomed,
    the_page_is_written_from_right_to_left,
    the_body_is_transformed,
    the_page_covers_the_window,
);

/// How far the launcher's edge and size may be from what they are on a plain page.
const TOLERANCE: f64 = 1.0;

/// The zoom of a page's root.
const ROOT_ZOOM: f64 = 1.25;

/// On a plain page the launcher is a circle of this size, so far from the window's corner.
const LAUNCHER: f64 = 60.0;
const MARGIN: f64 = 20.0;

/// Opens a page with these attributes of its root and these styles.
async fn visit(stage: &Stage, attributes: &str, css: &str) -> Result<(Tab, Pages)> {
    let html = format!(
        "<!doctype html><html lang=\"en\" {attributes}><head><title>A shop</title>{}\
         <link rel=\"stylesheet\" href=\"/shop.css\"></head><body>{CONTENT}{}</body></html>",
        super::WATCH_TAG,
        tag_for(stage)
    );
    let pages = serve_with(Page::html(html), [("/shop.css", Page::style(css))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    Ok((tab, pages))
}

/// The chat works on a page with these styles, and looks as it does on a plain one.
async fn looks_right(engine: Engine, attributes: &str, css: &str) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, _pages) = visit(&stage, attributes, css).await?;
    tab.see("the widget", |widget| widget.here).await?;
    let launcher = place(&tab, "launcher").await?;
    let (beside, below): (f64, f64) = tab.run(SCROLL_BARS, vec![]).await?;
    for (what, is, wanted) in [
        ("width", launcher.right - launcher.left, LAUNCHER),
        ("height", launcher.bottom - launcher.top, LAUNCHER),
        (
            "space below",
            launcher.height - below - launcher.bottom,
            MARGIN,
        ),
        (
            "space beside",
            launcher.width - beside - launcher.right,
            MARGIN,
        ),
    ] {
        ensure!(
            (is - wanted).abs() <= TOLERANCE,
            "{what} is {is}: {launcher:?}"
        );
    }
    chat_works_in(&mut stage, &tab).await?;
    let text: (String, String, String, String) = tab.run(TEXT, vec![]).await?;
    let wanted = ("15px", "normal", "none", "0px");
    ensure!(
        (&*text.0, &*text.1, &*text.2, &*text.3) == wanted,
        "the page's text styles reach the widget: {text:?}"
    );
    Ok(())
}

/// How much of the window's width and height its scroll bars take.
const SCROLL_BARS: &str = "const { clientWidth, clientHeight } = document.documentElement;
    return [innerWidth - clientWidth, innerHeight - clientHeight];";

/// What a page's own rules most often spoil.
const TEXT: &str = "const message = document.querySelector('#holdfast-chat').shadowRoot
        .querySelector('[data-hf=text]');
    const style = getComputedStyle(message);
    return [style.fontSize, style.letterSpacing.replace('0px', 'normal'), style.textTransform, style.textIndent];";

async fn everything_is_unset(engine: Engine) -> Result<()> {
    looks_right(engine, "", "* { all: unset }").await
}

async fn everything_is_reset_with_importance(engine: Engine) -> Result<()> {
    let css = "* { all: unset !important } *, *::before, *::after { position: static !important; \
        float: left !important; margin: 30px !important; opacity: .2 !important; visibility: hidden !important; \
        pointer-events: none !important; z-index: -1 !important; transform: scale(.1) !important; \
        overflow: hidden !important; clip-path: circle(1px) !important; contain: strict !important; \
        animation: none !important; transition: all 9s !important; font: 3px serif !important }";
    // The page's own parts are spoilt on purpose, and its root must stay.
    let css = format!(
        "{css} html {{ visibility: visible !important; transform: none !important; opacity: 1 !important; \
        overflow: visible !important; clip-path: none !important; contain: none !important }}"
    );
    looks_right(engine, "", &css).await
}

async fn every_div_is_hidden(engine: Engine) -> Result<()> {
    let css = "div { display: none !important; width: 1px !important } body > * ~ div, html > div { left: 0 !important }";
    looks_right(engine, "", css).await
}

async fn texts_are_of_an_odd_size_and_shape(engine: Engine) -> Result<()> {
    let css = "html { font-size: 62.5% } :root { font: 37px/3 cursive; letter-spacing: 9px; word-spacing: 1em; \
        text-transform: uppercase; text-indent: 4em; text-shadow: 0 0 9px red; white-space: pre; font-style: italic; \
        cursor: wait; user-select: none; list-style: square; border-collapse: collapse }";
    looks_right(engine, "", css).await
}

/// What is measured in `rem` on such a page is a third of what it ought to be, or twice and a half.
async fn letters_of_the_root_are_tiny_or_huge(engine: Engine) -> Result<()> {
    for css in ["html { font-size: 5px }", "html { font-size: 40px }"] {
        looks_right(engine, "", css).await?;
    }
    Ok(())
}

async fn the_page_is_zoomed(engine: Engine) -> Result<()> {
    looks_right(engine, "", "body { zoom: 1.4 }").await?;
    // The zoom of the page's root is the chat's, too, whose panel stays within the window.
    let mut stage = Stage::set_in(engine).await?;
    let css = format!("html {{ zoom: {ROOT_ZOOM} }} body {{ zoom: 1.4 }}");
    let (tab, _pages) = visit(&stage, "", &css).await?;
    // WebKit tells places in the root's own pixels.
    let scale = if engine == Engine::WebKit {
        cannot_show(
            engine,
            "pointing on a zoomed root",
            "it tells no places on the window there",
        );
        tab.run::<()>("Holdfast.open()", vec![]).await?;
        tab.see("the panel", |widget| widget.open).await?;
        ROOT_ZOOM
    } else {
        chat_works_in(&mut stage, &tab).await?;
        1.0
    };
    for hook in ["close", "panel", "composer"] {
        let place = place(&tab, hook).await?;
        let is_inside = place.top >= 0.0
            && place.left >= 0.0
            && place.right * scale <= place.width
            && place.bottom * scale <= place.height;
        ensure!(is_inside, "the {hook} is at {place:?}");
    }
    Ok(())
}

async fn the_page_is_written_from_right_to_left(engine: Engine) -> Result<()> {
    looks_right(engine, "dir=\"rtl\"", "").await
}

async fn the_body_is_transformed(engine: Engine) -> Result<()> {
    let css = "body { transform: rotate(2deg) translateX(40px); filter: grayscale(1); perspective: 400px; \
        will-change: transform; height: 3000px }";
    looks_right(engine, "", css).await
}

/// Banners of consent, menus and games lie over everything.
async fn the_page_covers_the_window(engine: Engine) -> Result<()> {
    let css = "main { position: fixed; inset: 0; z-index: 99999999; background: gold }";
    looks_right(engine, "", css).await
}
