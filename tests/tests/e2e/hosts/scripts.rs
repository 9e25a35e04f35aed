//! Pages that are built with libraries which change the language and the document under everybody's feet.

use anyhow::{Result, ensure};
use holdfast_tests::{browser::Engine, foreign, in_every_engine, pages::Page, stage::Stage};

use super::{CONTENT, chat_works_in, page, questions, serve, serve_with, tag_for};

in_every_engine!(
    prototype_patches_the_language,
    an_early_prototype_spoils_json,
    questions_are_asked_where_json_is_spoilt,
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
    let tab = stage.browser.open(&pages.url("/")).await?.with_own_json();
    chat_works_in(&mut stage, &tab).await?;
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

/// Up to 1.6 Prototype taught lists and texts to write themselves as JSON, by a name that browsers' own `JSON` came to ask
/// for later: since then a list becomes a text in quotes. This is its code, but for the patterns in texts.
const EARLY_PROTOTYPE: &str = r#"
    Object.toJSON = function (object) {
        switch (typeof object) {
            case 'undefined': case 'function': return;
            case 'boolean': return object.toString();
        }
        if (object === null) return 'null';
        if (object.toJSON) return object.toJSON();
        var results = [];
        for (var property in object) {
            var value = Object.toJSON(object[property]);
            if (value !== undefined) results.push(property.toJSON() + ': ' + value);
        }
        return '{' + results.join(', ') + '}';
    };
    Array.prototype.toJSON = function () {
        var results = [];
        this.forEach(function (object) {
            var value = Object.toJSON(object);
            if (value !== undefined) results.push(value);
        });
        return '[' + results.join(', ') + ']';
    };
    String.prototype.toJSON = function () {
        return '"' + this.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n') + '"';
    };
    Number.prototype.toJSON = function () { return isFinite(this) ? this.toString() : 'null'; };
    Date.prototype.toJSON = function () { return '"' + this.toISOString() + '"'; };"#;

/// What the page has instead of `[1]` and `{"a":["b"]}`.
const SPOILT: &str = r#"window.JSON.stringify(window.Array.of(1)) === '"[1]"'
    && window.JSON.stringify({ a: window.Array.of('b') }) === '{"a":"[\\"b\\"]"}'"#;

async fn an_early_prototype_spoils_json(engine: Engine) -> Result<()> {
    works_beside(engine, EARLY_PROTOTYPE.to_owned(), SPOILT).await
}

/// With what the page itself says of its visitor.
async fn questions_are_asked_where_json_is_spoilt(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let own = page(
        "<script src=\"/library.js\"></script>",
        &[CONTENT, &tag_for(&stage)].concat(),
    );
    let say = format!(
        "{EARLY_PROTOTYPE} addEventListener('load', () => Holdfast.setMetadata({{ cart: {{ pieces: [1, 'two', null], open: true, \
         at: new Date(0) }} }}));"
    );
    let pages = serve_with(own, [("/library.js", Page::script(say))]).await?;
    let tab = stage.browser.open("about:blank").await?.with_own_json();
    let visitor = questions::are_answered(&stage, &tab, &pages.url("/")).await?;
    let is_spoilt: bool = tab.run(&format!("return {SPOILT}"), vec![]).await?;
    ensure!(is_spoilt, "the page writes JSON as it should");
    let cart = r#"{"pieces":[1,"two",null],"open":true,"at":"1970-01-01T00:00:00.000Z"}"#;
    ensure!(visitor["fields"]["cart"] == cart, "{visitor}");
    Ok(())
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
