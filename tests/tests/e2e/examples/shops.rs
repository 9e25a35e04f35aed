//! Systems that write the page for its owner: WordPress, Shopify, Google Tag Manager. None of them runs here; what they make
//! of the document's lines is made by their rules.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::Engine,
    documents::{at, example},
    in_every_engine,
    stage::Stage,
};
use serde_json::json;

use super::super::hosts::{cannot_show, chat_works_at, chat_works_in, page, serve};
use super::holds;

in_every_engine!(
    a_theme_of_wordpress,
    a_theme_of_shopify,
    a_custom_html_tag_of_google_tag_manager,
);

/// What WordPress has for the document's lines: `wp_print_script_tag` writes each attribute, one that is true by its name
/// alone, <https://developer.wordpress.org/reference/functions/wp_sanitize_script_attributes/>.
const WORDPRESS: &str = r#"<?php
    function get_bloginfo($what) { return $what === 'language' ? 'fr-FR' : ''; }
    function add_action($hook, $act) { if ($hook === 'wp_footer') $act(); }
    function wp_print_script_tag($attributes) {
        $written = '';
        foreach ($attributes as $name => $value) {
            if ($value === true) $written .= ' ' . $name;
            elseif ($value !== false) $written .= sprintf(' %s="%s"', $name, htmlspecialchars($value, ENT_QUOTES));
        }
        echo '<script' . $written . "></script>\n";
    }
"#;

/// As the manager does with a tag of this kind: it is parsed aside, and each script in it is made anew, with what it keeps.
const MANAGE: &str = "
    const aside = document.createElement('div');
    aside.style.display = 'none';
    aside.style.visibility = 'hidden';
    aside.innerHTML = arguments[0];
    document.body.appendChild(aside);
    for (const script of aside.querySelectorAll('script')) {
        const anew = document.createElement('script');
        for (const kept of ['id', 'type', 'text', 'src']) if (script[kept]) anew[kept] = script[kept];
        script.replaceWith(anew);
    }";

const LANGUAGE: &str = "return document.querySelector('#holdfast-chat').shadowRoot
    .querySelector('[data-hf=root]').lang === 'fr'";

/// The tag that WordPress prints, read off the document's lines: a machine without PHP shows the same.
fn read_off(lines: &str) -> Result<String> {
    let (_, rest) = lines
        .split_once("wp_print_script_tag([")
        .context("the call")?;
    let (list, _) = rest.split_once("]);").context("its end")?;
    let mut tag = String::from("<script");
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(" => ").context("an attribute")?;
        let name = name.trim_matches('\'');
        let value = value.trim_end_matches(',');
        if value == "true" {
            tag.push_str(&format!(" {name}"));
        } else {
            let value = match value {
                "get_bloginfo('language')" => "fr-FR",
                text => text.trim_matches('\''),
            };
            tag.push_str(&format!(" {name}=\"{value}\""));
        }
    }
    Ok(tag + "></script>")
}

/// The same, printed by PHP; nothing on a machine that has none.
fn printed(lines: &str) -> Result<Option<String>> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), [WORDPRESS, lines].concat())?;
    let Ok(output) = Command::new("php").arg(file.path()).output() else {
        return Ok(None);
    };
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    Ok(Some(String::from_utf8(output.stdout)?))
}

async fn a_theme_of_wordpress(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let lines = at(stage.street.addr(), example("WordPress", "php", 0)?)?;
    let tag = read_off(&lines)?;
    match printed(&lines)? {
        Some(printed) => ensure!(printed.trim() == tag, "PHP prints {printed}, not {tag}"),
        None => cannot_show(engine, "what PHP prints", "this machine has none"),
    }
    let pages = serve(page("", &tag)).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    holds(&tab, LANGUAGE).await
}

async fn a_theme_of_shopify(engine: Engine) -> Result<()> {
    const LOCALE: &str = "{{ request.locale.iso_code }}";
    let mut stage = Stage::set_in(engine).await?;
    let tag = at(stage.street.addr(), example("Shopify", "liquid", 0)?)?;
    ensure!(tag.contains(LOCALE), "{tag}");
    let pages = serve(page("", &tag.replace(LOCALE, "fr"))).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    holds(&tab, LANGUAGE).await
}

async fn a_custom_html_tag_of_google_tag_manager(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let tag = at(
        stage.street.addr(),
        example("Google Tag Manager", "html", 0)?,
    )?;
    let pages = serve(page("", "<h1>A shop</h1>")).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.run::<()>(MANAGE, vec![json!(tag)]).await?;
    chat_works_in(&mut stage, &tab).await
}
