//! Pages that forbid what they did not ask for.

use anyhow::{Result, ensure};
use holdfast_tests::{browser::Engine, in_every_engine, pages::Page, stage::Stage};

use super::{CONTENT, chat_works_at, page, serve, tag_for};

in_every_engine!(
    a_strict_policy_that_names_our_host,
    a_strict_policy_with_a_nonce,
    trusted_types_are_enforced,
    a_page_isolates_itself,
);

const POLICY: &str = "content-security-policy";

/// As the README says it, with everything else forbidden that can be.
fn policy(stage: &Stage, script: &str) -> String {
    let server = stage.street.addr();
    format!(
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'; \
         img-src 'self'; style-src 'self'; script-src 'wasm-unsafe-eval' {script}; \
         connect-src http://{server} ws://{server}"
    )
}

async fn a_strict_policy_that_names_our_host(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let own = format!("'self' http://{}", stage.street.addr());
    let strict = page("", &[CONTENT, &tag_for(&stage)].concat()).with(POLICY, policy(&stage, &own));
    let pages = serve(strict).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

/// The nonce covers what the script loads as well; the policy names no host for scripts.
async fn a_strict_policy_with_a_nonce(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let html = format!(
        "<!doctype html><html lang=\"en\"><title>A shop</title><script nonce=\"r4nd0m\" src=\"/watch.js\"></script>\
         {CONTENT}{}",
        tag_for(&stage).replace("<script ", "<script nonce=\"r4nd0m\" ")
    );
    let strict = Page::html(html).with(POLICY, policy(&stage, "'nonce-r4nd0m'"));
    let pages = serve(strict).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

async fn trusted_types_are_enforced(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let own = format!("'self' http://{}", stage.street.addr());
    let types = "require-trusted-types-for 'script'; trusted-types 'none'";
    let strict = page("", &[CONTENT, &tag_for(&stage)].concat())
        .with(POLICY, format!("{}; {types}", policy(&stage, &own)));
    let pages = serve(strict).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    let is_enforced = "try { document.createElement('div').innerHTML = '<b>'; return false; }
        catch { return true; }";
    ensure!(
        tab.run::<bool>(is_enforced, vec![]).await?,
        "{engine} does not enforce them"
    );
    Ok(())
}

async fn a_page_isolates_itself(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let isolated = page("", &[CONTENT, &tag_for(&stage)].concat())
        .with("cross-origin-embedder-policy", "require-corp")
        .with("cross-origin-opener-policy", "same-origin");
    let pages = serve(isolated).await?;
    // Browsers isolate no page of a plain address, this machine's own excepted.
    let tab = chat_works_at(&mut stage, &pages.foreign_url("/")).await?;
    let is_isolated: bool = tab.run("return window.crossOriginIsolated", vec![]).await?;
    ensure!(is_isolated, "{engine} does not isolate the page");
    Ok(())
}
