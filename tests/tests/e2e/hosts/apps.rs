//! Pages that change without being loaded.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    foreign, in_every_engine,
    pages::Page,
    stage::Stage,
    wait,
};

use super::super::phone::{HAS_PLACES, close_request};
use super::{CONTENT, chat_works_at, chat_works_in, complaints, page, serve, serve_with, tag_for};

in_every_engine!(
    an_app_changes_its_address,
    turbo_swaps_the_body,
    turbo_swaps_a_body_with_the_tag_in_it,
    turbo_hears_nothing_of_the_way_out_of_the_panel,
    a_framework_replaces_everything,
    a_service_worker_answers_for_the_page,
);

/// An app of one page: the chat stays as it is, and the agents see where the visitor is.
async fn an_app_changes_its_address(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = serve(page("", &[CONTENT, &tag_for(&stage)].concat())).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    let ben = stage.agent("Ben").await?;
    tab.draft("about thi").await?;
    let go = "history.pushState({}, '', '/ropes/7'); document.querySelector('main').textContent = 'Rope 7';";
    tab.run::<()>(go, vec![]).await?;
    let widget = tab.widget().await?;
    ensure!(widget.open && widget.draft == "about thi", "{widget:?}");
    tab.draft("s one").await?;
    ben.see("the visitor's place", |desk| {
        desk.standings
            .values()
            .any(|standing| standing.page.ends_with("/ropes/7"))
    })
    .await?;
    Ok(())
}

/// A site with Turbo, whose two pages have the tag where `place` puts it.
async fn swap(engine: Engine, place: impl Fn(&str) -> Page) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let tag = tag_for(&stage);
    let turbo = foreign::from_npm("@hotwired/turbo/dist/turbo.es2017-umd.js")?;
    let more = [("/other", place(&tag)), ("/turbo.js", Page::script(turbo))];
    let pages = serve_with(place(&tag), more).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    tab.run::<()>("window.mark = 1; document.body.dataset.mark = 1;", vec![])
        .await?;
    tab.draft("half a sen").await?;
    for step in [
        "document.querySelector('a').click()",
        "history.back()",
        "history.forward()",
    ] {
        tab.run::<()>(&format!("window.swapped = false; {step}"), vec![])
            .await?;
        let swapped = "return window.mark === 1 && window.swapped";
        let seen = async || tab.run::<bool>(swapped, vec![]).await;
        wait::until("the swap", seen, |is_swapped| *is_swapped).await?;
        still_the_same(&tab, "half a sen").await?;
    }
    let complaints = complaints(&tab).await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

const TURBO: &str = "<script src=\"/turbo.js\"></script>
    <script>document.addEventListener('turbo:load', () => { window.swapped = true; });</script>";

async fn turbo_swaps_the_body(engine: Engine) -> Result<()> {
    swap(engine, |tag| page(&[TURBO, tag].concat(), CONTENT)).await
}

async fn turbo_swaps_a_body_with_the_tag_in_it(engine: Engine) -> Result<()> {
    swap(engine, |tag| page(TURBO, &[CONTENT, tag].concat())).await
}

/// On a phone the panel is a place in the history where nothing else tells of the back button. To Turbo a step from there would be one to a page that is to
/// be loaded again, without what was written into it.
async fn turbo_hears_nothing_of_the_way_out_of_the_panel(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let turbo = foreign::from_npm("@hotwired/turbo/dist/turbo.es2017-umd.js")?;
    let phone = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
    let content = [CONTENT, "<form><input id=\"order\"></form>"].concat();
    let own = page(&[phone, TURBO, &tag_for(&stage)].concat(), &content);
    let pages = serve_with(own, [("/turbo.js", Page::script(turbo))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.on_phone().await?;
    tab.reload().await?;
    let begun = "document.querySelector('#order').value = 'two ropes'; window.swapped = false;
        window.steps = []; addEventListener('popstate', () => steps.push(location.pathname));";
    tab.run::<()>(begun, vec![]).await?;
    let has_places: bool = tab.run(HAS_PLACES, vec![]).await?;
    let at_panel = async |what: &str, wanted: bool| {
        let place = "return !!history.state?.holdfast";
        let look = async || tab.run::<bool>(place, vec![]).await;
        wait::until(what, look, |found| *found == (wanted && has_places)).await
    };
    for way_out in ["history.back()", "Holdfast.close()", ""] {
        tab.open_chat().await?;
        at_panel("the panel's place", true).await?;
        match way_out {
            "" => tab.click_hook("close").await?,
            "history.back()" if !has_places => close_request(&tab).await?,
            script => tab.run::<()>(script, vec![]).await?,
        }
        tab.see("no panel", |widget| !widget.open).await?;
        at_panel("the page's place", false).await?;
    }
    // And forward into the place that was left, and out of it once more.
    let steps = [("history.forward()", true), ("history.back()", false)];
    for (step, wanted) in steps.into_iter().filter(|_| has_places) {
        tab.run::<()>(step, vec![]).await?;
        at_panel(step, wanted).await?;
    }
    let left =
        "return [document.querySelector('#order').value, window.swapped, window.steps.length]";
    let left: (String, bool, usize) = tab.run(left, vec![]).await?;
    ensure!(left == ("two ropes".to_owned(), false, 0), "{left:?}");
    // Where the page goes on as it closes the panel, it stays where it went.
    tab.open_chat().await?;
    at_panel("the panel's place", true).await?;
    let go = "Holdfast.close(); history.pushState({}, '', '/ropes/7')";
    tab.run::<()>(go, vec![]).await?;
    tab.see("no panel", |widget| !widget.open).await?;
    let path = async || tab.run::<String>("return location.pathname", vec![]).await;
    // Steps are taken in turn, so one of the chat's would be before these.
    for (step, wanted) in [("history.back()", "/"), ("history.forward()", "/ropes/7")] {
        tab.run::<()>(step, vec![]).await?;
        wait::until(step, path, |found| found == wanted).await?;
    }
    Ok(())
}

/// Some frameworks own the whole document and remove what they don't know, at any time.
async fn a_framework_replaces_everything(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = serve(page("", &[CONTENT, &tag_for(&stage)].concat())).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    tab.draft("half a sen").await?;
    for replace in [
        "const body = document.createElement('body'); body.textContent = 'rendered';
         document.documentElement.replaceChildren(document.createElement('head'), body);",
        "document.querySelector('#holdfast-chat').remove();",
        "const root = document.createElement('html'); root.append(document.createElement('body'));
         document.replaceChild(root, document.documentElement);",
    ] {
        tab.run::<()>(replace, vec![]).await?;
        still_the_same(&tab, "half a sen").await?;
    }
    tab.draft("tence\u{E007}").await?;
    tab.see("the message sent", |widget| {
        !matches!(widget.state_of("half a sentence"), None | Some("waiting"))
    })
    .await?;
    Ok(())
}

/// The panel is open with both messages and the draft, once.
async fn still_the_same(tab: &Tab, draft: &str) -> Result<()> {
    tab.see("the chat as it was", |widget| {
        widget.open && widget.messages.len() == 2 && widget.draft == draft
    })
    .await?;
    let count = "return document.querySelectorAll('#holdfast-chat').length";
    ensure!(tab.run::<u64>(count, vec![]).await? == 1);
    Ok(())
}

/// Everything that the page loads goes through the site's own worker, our files too.
async fn a_service_worker_answers_for_the_page(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let worker = "
        addEventListener('install', () => skipWaiting());
        addEventListener('activate', (event) => event.waitUntil(clients.claim()));
        addEventListener('fetch', (event) => event.respondWith((async () => {
            const cache = await caches.open('everything');
            const kept = await cache.match(event.request);
            if (kept) return kept;
            const answer = await fetch(event.request);
            if (event.request.method === 'GET') await cache.put(event.request, answer.clone());
            return answer;
        })()));";
    let own = page("", &[CONTENT, &tag_for(&stage)].concat());
    let pages = serve_with(own, [("/worker.js", Page::script(worker))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let register = "const done = arguments[0];
        navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)
            .then(() => done(true), (error) => done(String(error)));";
    let registered: serde_json::Value = tab.run_async(register, vec![]).await?;
    ensure!(registered == true, "{registered}");
    for _ in 0..2 {
        tab.goto(&pages.url("/")).await?;
    }
    let controlled: bool = tab
        .run("return !!navigator.serviceWorker.controller", vec![])
        .await?;
    ensure!(controlled, "the worker does not answer for the page");
    chat_works_in(&mut stage, &tab).await
}
