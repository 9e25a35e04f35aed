//! Joins the style sheets into one, without what only people need in them: it is downloaded with the program.

use std::path::Path;
use std::{env, fs, io};

/// In the order in which they count.
const SHEETS: [&str; 4] = ["frame", "transcript", "composer", "media"];

fn main() -> io::Result<()> {
    let mut style = String::new();
    for sheet in SHEETS {
        let path = format!("src/view/style/{sheet}.css");
        println!("cargo::rerun-if-changed={path}");
        style += &small(&fs::read_to_string(path)?);
    }
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("style.css"), style)
}

/// The sheet without comments, indentation and line ends, and without the spaces that stand beside brackets, colons and
/// commas. A comment has a line of its own; a string has no such sign in it.
fn small(sheet: &str) -> String {
    let lines = sheet.lines().map(str::trim);
    let mut out = lines
        .filter(|line| !line.starts_with("/*"))
        .collect::<Vec<_>>()
        .join(" ");
    for (long, short) in [
        (" {", "{"),
        ("{ ", "{"),
        ("; ", ";"),
        (";}", "}"),
        ("} ", "}"),
        (": ", ":"),
        (", ", ","),
    ] {
        out = out.replace(long, short);
    }
    out.trim_end().to_owned()
}
