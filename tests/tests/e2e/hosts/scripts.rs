//! Pages that are built with libraries which change the language and the document under everybody's feet.

use anyhow::{Result, ensure};
use holdfast_tests::{browser::Engine, foreign, in_every_engine, pages::Page, stage::Stage};

use super::{CONTENT, chat_works_at, page, serve, serve_with, tag_for};

in_every_engine!(
    prototype_patches_the_language,
    mootools_patches_the_language,
    an_early_jquery_is_on_the_page,
    careless_scripts_patch_what_they_find,
    rows_leave_the_list_where_a_page_has_replaced_remove,
);

/// The chat works on a page with `library`, which is there when `proof` is true.
async fn works_beside(engine: Engine, library: String, proof: &str) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let own = page(
        "<script src=\"/library.js\"></script>",
        &[CONTENT, &tag_for(&stage)].concat(),
    );
    let pages = serve_with(own, [("/library.js", Page::script(library))]).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    let is_there: bool = tab.run(&format!("return {proof}"), vec![]).await?;
    ensure!(is_there, "the page has no such library");
    // What is kept for the next page is written and read under the same conditions.
    tab.reload().await?;
    tab.see("the conversation after a reload", |widget| {
        widget.open && widget.messages.len() == 2
    })
    .await?;
    Ok(())
}

async fn prototype_patches_the_language(engine: Engine) -> Result<()> {
    let library = foreign::from_debian("prototype/prototype.js")?;
    works_beside(
        engine,
        library,
        "!!window.Array.prototype.invoke && !!Prototype.Version",
    )
    .await
}

async fn mootools_patches_the_language(engine: Engine) -> Result<()> {
    let library = foreign::from_debian("mootools/mootools.js")?;
    works_beside(
        engine,
        library,
        "!!window.Array.prototype.erase && !!MooTools.version",
    )
    .await
}

async fn an_early_jquery_is_on_the_page(engine: Engine) -> Result<()> {
    let library = foreign::from_npm("jquery/dist/jquery.js")?;
    works_beside(engine, library, "jQuery.fn.jquery.startsWith('1.')").await
}

/// Without any library: lists have members that they do not hold, elements have lost
/// methods. What the browsers' drivers themselves rely on in a page has to stay.
async fn careless_scripts_patch_what_they_find(engine: Engine) -> Result<()> {
    let library = "
        Array.prototype.last = function () { return this[this.length - 1]; };
        Array.from = Array.prototype.flat = undefined;
        Element.prototype.remove = Element.prototype.append = Element.prototype.hide = function () {};
        Element.prototype.toggle = Element.prototype.show = Element.prototype.update = undefined;
        Node.prototype.contains = () => false;
        Function.prototype.bind = function () { return this; };
        String.prototype.trim = function () { return ''; };";
    works_beside(
        engine,
        library.to_owned(),
        "'last' in window.Array.prototype",
    )
    .await
}

/// The mark before what is new is in the list for as long as it is new.
async fn rows_leave_the_list_where_a_page_has_replaced_remove(engine: Engine) -> Result<()> {
    const MARKS: &str = "return document.querySelector('#holdfast-chat').shadowRoot.querySelectorAll('.divider').length";
    let mut stage = Stage::set_in(engine).await?;
    let library = "<script>Element.prototype.remove = function () {};</script>";
    let pages = serve(page(library, &[CONTENT, &tag_for(&stage)].concat())).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let mut agent = stage.agent("Ana").await?;
    tab.open_chat().await?;
    stage.visitor_writes(&tab, "Hello").await?;
    let desk = agent.see("it", |desk| !desk.messages.is_empty()).await?;
    let conversation = desk.messages[0].conversation;
    for (text, is_seen) in [("unseen", false), ("seen", true)] {
        if !is_seen {
            tab.click_hook("close").await?;
            tab.see("no panel", |widget| !widget.open).await?;
        }
        stage.agent_writes(&mut agent, conversation, text).await?;
        tab.see(text, |widget| widget.unread == "1" || widget.open)
            .await?;
        tab.open_chat().await?;
        stage.settle(&[&tab], &agent, conversation).await?;
        ensure!(tab.run::<u64>(MARKS, vec![]).await? == 1, "no mark");
    }
    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    tab.open_chat().await?;
    ensure!(tab.run::<u64>(MARKS, vec![]).await? == 0, "the mark stays");
    Ok(())
}
