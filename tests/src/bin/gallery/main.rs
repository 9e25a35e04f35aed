//! Pictures of the widget, to be looked at by people: in three engines, on a desk and on a phone, in light and
//! dark, in the states that a visitor meets. `cargo xtask gallery` builds what is needed, and calls this with the
//! folder for the pictures; with `--measure` before it, for figures of what a page pays for the tag, and the folder is for
//! the traces that they are read from.

mod album;
mod measure;
mod scenes;
mod site;

use std::{fmt::Write as _, fs, path::PathBuf, time::Instant};

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::browser::Engine;

use album::Album;

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1).peekable();
    let is_measuring = words.next_if(|word| word == "--measure").is_some();
    let folder = PathBuf::from(words.next().context("the folder is missing")?);
    fs::create_dir_all(&folder)?;
    if is_measuring {
        return measure::measure(&folder).await;
    }
    let mut names = Vec::new();
    for engine in Engine::ALL {
        let began = Instant::now();
        let mut album = Album::open(engine, &folder).await?;
        album.fill().await.with_context(|| engine.to_string())?;
        let own = album.names();
        ensure!(!own.is_empty(), "no picture of {engine}");
        println!(
            "{engine}: {} pictures in {} s",
            own.len(),
            began.elapsed().as_secs()
        );
        names.extend(own);
    }
    let sheet = folder.join("index.html");
    fs::write(&sheet, contact_sheet(&names)?)?;
    println!("look at them in {}", sheet.display());
    Ok(())
}

/// A page with all pictures beside their names.
fn contact_sheet(names: &[String]) -> Result<String> {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gallery</title>\
         <style>body { font: 14px sans-serif; background: #888 } figure { display: inline-block; margin: 8px }\
         img { display: block; max-height: 480px }</style>\n",
    );
    for name in names {
        writeln!(
            page,
            "<figure><a href=\"{name}\"><img src=\"{name}\" alt=\"\" loading=\"lazy\"></a>\
             <figcaption>{name}</figcaption></figure>"
        )?;
    }
    Ok(page)
}
