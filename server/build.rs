//! Puts the widget and the demo shop into the binary, compressed ahead.
//!
//! The widget is what `cargo xtask build` leaves in `target/widget/dist`, or in the folder that
//! HOLDFAST_WIDGET_DIST names. Without it the server still builds, and says so where the widget is asked
//! for.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the pasted script writes where the assets' folder belongs.
const ASSETS: &str = "__ASSETS__";

/// The pasted script, which the widget's build leaves beside the rest, made small, and the declarations for TypeScript.
const SCRIPT: &str = "widget.js";
const DECLARATIONS: &str = "holdfast.d.ts";
/// What of `www` is no page of the demo shop.
const NO_PAGES: [&str; 10] = [
    SCRIPT,
    DECLARATIONS,
    "sdk.js",
    "site.js",
    "language.js",
    "breath.js",
    "browser.js",
    "place.js",
    "locales/",
    "later/",
];

/// What is answered for the script while there is no widget.
const NO_WIDGET: &str = "console.error('Holdfast: this server was built without its widget. In its source \
                         folder, run `cargo xtask build`, and start it again.');\n";

struct Output {
    folder: PathBuf,
    code: String,
    files: usize,
}

fn main() -> Result<()> {
    let root = PathBuf::from(env("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo:rerun-if-env-changed=HOLDFAST_WIDGET_DIST");
    println!("cargo:rerun-if-changed=build.rs");
    let dist = env("HOLDFAST_WIDGET_DIST")
        .map(PathBuf::from)
        .unwrap_or_else(|_| root.join("target/widget/dist"));
    let www = root.join("www");
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed={}", www.display());

    let mut output = Output {
        folder: env("OUT_DIR")?.into(),
        code: String::new(),
        files: 0,
    };
    let widget = if dist.is_dir() {
        read_folder(&dist, |path| {
            path != SCRIPT
                && [".js", ".wasm", ".json"]
                    .iter()
                    .any(|end| path.ends_with(end))
        })?
    } else {
        Vec::new()
    };
    let folder = format!("/assets/{}", hash(&widget));
    let script = if widget.is_empty() {
        NO_WIDGET.to_owned()
    } else {
        fs::read_to_string(dist.join(SCRIPT))?
    };
    if !widget.is_empty() && !script.contains(ASSETS) {
        return Err(format!("{SCRIPT} has no {ASSETS}").into());
    }
    let script = script.replace(ASSETS, &folder);
    let pages = read_folder(&www, |path| !NO_PAGES.iter().any(|no| path.starts_with(no)))?;

    writeln!(output.code, "pub(super) static WIDGET: &[Asset] = &[")?;
    for (path, bytes) in &widget {
        output.asset(&format!("{folder}/{path}"), bytes)?;
    }
    writeln!(output.code, "];\npub(super) static SCRIPT: &[Asset] = &[")?;
    output.asset("/widget.js", script.as_bytes())?;
    let declarations = fs::read(www.join(DECLARATIONS))?;
    output.asset(&format!("/{DECLARATIONS}"), &declarations)?;
    writeln!(output.code, "];\npub(super) static PAGES: &[Asset] = &[")?;
    for (path, bytes) in &pages {
        output.asset(&format!("/{path}"), bytes)?;
    }
    writeln!(output.code, "];")?;
    fs::write(output.folder.join("assets.rs"), &output.code)?;
    Ok(())
}

impl Output {
    fn asset(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let tag = hash(&[(path.to_owned(), bytes.to_owned())]);
        let plain = self.file(bytes)?;
        let brotli = self.file(&brotli(bytes)?)?;
        let gzip = self.file(&gzip(bytes)?)?;
        writeln!(
            self.code,
            "    Asset {{ path: {path:?}, mime: {:?}, etag: {:?}, plain: {plain}, brotli: {brotli}, gzip: {gzip} }},",
            mime(path),
            format!("\"{tag}\""),
        )?;
        Ok(())
    }

    /// The expression that includes a file of these bytes.
    fn file(&mut self, bytes: &[u8]) -> Result<String> {
        let name = format!("{}.bin", self.files);
        self.files += 1;
        fs::write(self.folder.join(&name), bytes)?;
        Ok(format!(
            "include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))"
        ))
    }
}

/// All files under a folder whose path within it is wanted, in order, so that the hash is the same on
/// every machine.
fn read_folder(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>> {
    let mut waiting = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let name = path.strip_prefix(folder)?;
            let name = name.to_str().ok_or("a file's name is no text")?.to_owned();
            if is_wanted(&name) {
                files.push((name, fs::read(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn hash(files: &[(String, Vec<u8>)]) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        for part in [path.as_bytes(), bytes] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    let hash = hash.finalize();
    hash[..8].iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    // Unoptimised, the last levels take minutes; nobody downloads a debug build.
    let quality = if env("PROFILE")? == "release" { 11 } else { 5 };
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 1 << 16, quality, 22);
    writer.write_all(bytes)?;
    writer.flush()?;
    drop(writer);
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes)?;
    Ok(writer.finish()?)
}

fn mime(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("txt" | "ts") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn env(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}
