//! What site owners copy out of `docs/embed.md`, word by word, so that the tests run what people paste.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};

const EMBED: &str = include_str!("../../docs/embed.md");

/// What the document calls the server, and the site.
const SERVER: &str = "chat.example.com";
const SITE: &str = "my-shop";

/// The `index`-th block of code, beginning with 0, of this language below this heading; `language` is what the fence says,
/// which may be nothing.
///
/// # Errors
/// When the document has no such block.
pub fn example(heading: &str, language: &str, index: usize) -> Result<&'static str> {
    let blocks = blocks(heading)?.into_iter();
    let mut found = blocks.filter(|(fence, _)| *fence == language);
    let (_, code) = found.nth(index).with_context(|| {
        format!("docs/embed.md has no {index}th {language:?} below {heading:?}")
    })?;
    Ok(code)
}

/// The same text with the tests' server and site in place of the document's.
///
/// # Errors
/// When it names neither.
pub fn at(server: SocketAddr, text: &str) -> Result<String> {
    ensure!(
        text.contains(SERVER),
        "nothing to replace in {text:?}: does it still name {SERVER}?"
    );
    let server = server.to_string();
    let text = text.replace(&format!("https://{SERVER}"), &format!("http://{server}"));
    let text = text.replace(&format!("wss://{SERVER}"), &format!("ws://{server}"));
    ensure!(!text.contains(SERVER), "another scheme: {text:?}");
    Ok(text.replace(SITE, "demo"))
}

/// The fences' words and the code of all blocks below a heading of the second level.
fn blocks(heading: &str) -> Result<Vec<(&'static str, &'static str)>> {
    let title = format!("\n## {heading}\n");
    let (_, rest) = EMBED
        .split_once(&title)
        .with_context(|| format!("docs/embed.md has no heading {heading:?}"))?;
    let section = rest.split("\n## ").next().unwrap_or_default();
    let fenced = section.split("```").skip(1).step_by(2);
    Ok(fenced.filter_map(|block| block.split_once('\n')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_by_its_heading_its_language_and_its_place() -> Result<()> {
        let tag = example("Plain HTML", "html", 0)?;
        assert_eq!(
            tag.trim(),
            "<script async src=\"https://chat.example.com/widget.js\" data-site=\"my-shop\"></script>"
        );
        assert!(example("Content-Security-Policy", "", 1)?.contains("nonce"));
        assert!(example("Plain HTML", "html", 1).is_err());
        assert!(example("Plain HTML", "js", 0).is_err());
        assert!(example("Plain", "html", 0).is_err());
        Ok(())
    }

    #[test]
    fn the_tests_server_takes_the_place_of_the_documents() -> Result<()> {
        let server = SocketAddr::from(([127, 0, 0, 1], 80));
        let line = example("Content-Security-Policy", "", 0)?;
        let line = at(server, line)?;
        assert!(line.contains("script-src http://127.0.0.1:80 "), "{line}");
        assert!(line.trim().ends_with("ws://127.0.0.1:80"), "{line}");
        assert!(at(server, "nothing of the kind").is_err());
        Ok(())
    }
}
