//! All the ways in which the tag gets into a page.

use anyhow::{Result, ensure};
use holdfast_tests::{browser::Engine, in_every_engine, pages::tag, stage::Stage};

use super::{CONTENT, chat_works_at, page, serve, tag_for};

in_every_engine!(
    the_tag_stands_in_the_head,
    the_tag_stands_at_the_end,
    the_tag_stands_there_twice,
    a_tag_manager_inserts_the_tag,
    the_page_writes_the_tag,
    the_page_is_written_anew,
);

const WIDGETS: &str = "return document.querySelectorAll('#holdfast-chat').length";

/// Not even `async`, so that the page waits for it, and long before there is a body.
async fn the_tag_stands_in_the_head(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = serve(page(&tag_for(&stage).replace(" async", ""), CONTENT)).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

async fn the_tag_stands_at_the_end(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = serve(page("", &[CONTENT, &tag_for(&stage)].concat())).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

/// A template has it, and so has the page; the second copy is of another place and changes nothing.
async fn the_tag_stands_there_twice(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let again = tag(
        stage.server.http(),
        "data-site=\"demo\" data-position=\"left\"",
    );
    let pages = serve(page(
        &tag_for(&stage),
        &[CONTENT, &tag_for(&stage), &again].concat(),
    ))
    .await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    ensure!(tab.run::<u64>(WIDGETS, vec![]).await? == 1);
    Ok(())
}

async fn a_tag_manager_inserts_the_tag(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let manager = format!(
        "<script>addEventListener('load', () => {{ setTimeout(() => {{
            const script = document.createElement('script');
            script.src = 'http://{}/widget.js';
            script.setAttribute('data-site', 'demo');
            document.getElementsByTagName('script')[0].before(script);
        }}, 300); }});</script>",
        stage.street.addr()
    );
    let pages = serve(page(&manager, CONTENT)).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

async fn the_page_writes_the_tag(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let tag = tag_for(&stage).replace("</script>", "<\\/script>");
    let writer =
        format!("<script>document.write('{tag}'); document.write('<p>written</p>');</script>");
    let pages = serve(page("", &[CONTENT, &writer].concat())).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

/// An old shop's way to the next page: the document is emptied, and filled with another that has the tag too.
async fn the_page_is_written_anew(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let whole = [CONTENT, &tag_for(&stage)].concat();
    let pages = serve(page("", &whole)).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    let rewrite = "document.open(); document.write(arguments[0]); document.close();";
    tab.run::<()>(rewrite, vec![format!("<title>Anew</title>{whole}").into()])
        .await?;
    let widget = tab
        .see("the conversation on the new page", |widget| {
            widget.messages.len() == 2
        })
        .await?;
    ensure!(widget.open, "{widget:?}");
    ensure!(tab.run::<u64>(WIDGETS, vec![]).await? == 1);
    tab.write("Still there?").await?;
    tab.see("the message sent", |widget| {
        !matches!(widget.state_of("Still there?"), None | Some("waiting"))
    })
    .await?;
    Ok(())
}
