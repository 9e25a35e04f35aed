//! The documents' lines that make an identity's hash, taken out of the documents and run by the programs that they are
//! for: what people copy is what this server takes for a proof.
#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use holdfast::desk::prove;
use holdfast_protocol::profile::Identity;

const EMBED: &str = include_str!("../../docs/embed.md");
const PROTOCOL: &str = include_str!("../../PROTOCOL.md");

/// The key of the documents' example.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A site's names of people: the documents' own, one in signs of several bytes, and one that a shell or a string could
/// take amiss.
const NAMES: [&str; 3] = ["user-17", "林薇@例え", "o'neil 100%&"];

/// A program that runs an example.
struct Runner {
    /// What the documents call its language.
    language: &'static str,
    /// The program that runs them, and what it calls itself.
    programs: &'static [&'static str],
    /// Whether every machine that builds Holdfast has it: then it is not left out.
    is_everywhere: bool,
    /// What surrounds the lines of docs/embed.md, with USER in place of the value of `user.id`.
    page: Option<(&'static str, &'static str)>,
    /// What surrounds the expression of PROTOCOL.md.
    expression: (&'static str, &'static str),
}

const RUNNERS: [Runner; 5] = [
    Runner {
        language: "node",
        programs: &["node"],
        is_everywhere: true,
        page: Some((
            "const crypto = require('node:crypto'); const user = { id: USER };\n",
            "\nconsole.log(hash);",
        )),
        expression: (
            "const crypto = require('node:crypto'); const key = process.env.HOLDFAST_KEY, id = process.env.ID;
             console.log(",
            ");",
        ),
    },
    Runner {
        language: "python",
        programs: &["python3"],
        is_everywhere: true,
        page: Some((
            "import hmac, os, types\nuser = types.SimpleNamespace(id=USER)\n",
            "\nprint(hash)",
        )),
        expression: (
            "import hmac, os\nkey, id = os.environ['HOLDFAST_KEY'], os.environ['ID']\nprint(",
            ")",
        ),
    },
    Runner {
        language: "php",
        programs: &["php"],
        is_everywhere: false,
        page: Some(("<?php $user = (object) ['id' => USER];\n", "\necho $hash;")),
        expression: (
            "<?php $key = getenv('HOLDFAST_KEY'); $id = getenv('ID'); echo ",
            ";",
        ),
    },
    Runner {
        language: "ruby",
        programs: &["ruby"],
        is_everywhere: false,
        page: Some((
            "require 'openssl'\nuser = Struct.new(:id).new(USER)\n",
            "\nputs hash",
        )),
        expression: (
            "require 'openssl'\nkey, id = ENV.fetch('HOLDFAST_KEY'), ENV.fetch('ID')\nputs ",
            "",
        ),
    },
    Runner {
        language: "shell",
        programs: &["sh", "openssl"],
        is_everywhere: false,
        page: None,
        // OpenSSL's program names the algorithm first.
        expression: ("key=$HOLDFAST_KEY id=$ID; ", ""),
    },
];

/// Whether its programs are on the search path. Says so where one is not, and fails where all have to be there.
fn is_here(runner: &Runner) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_missing =
        |name: &&&str| !env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let missing = runner.programs.iter().find(is_missing);
    let language = runner.language;
    let Some(program) = missing else {
        println!("run: the documents' lines for {language}");
        return true;
    };
    assert!(
        !runner.is_everywhere,
        "{program} is not on the search path: install it, so that the documents' lines for {language} are run"
    );
    println!("NOT run: the documents' lines for {language}, for there is no {program} here");
    false
}

/// The last word that the program prints.
fn run(runner: &Runner, script: &str, id: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("example");
    fs::write(&file, script).unwrap();
    let mut command = Command::new(runner.programs[0]);
    command.arg(&file).env("HOLDFAST_KEY", KEY).env("ID", id);
    // What a string is in Ruby follows the machine's language.
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", runner.language);
    let printed = String::from_utf8(output.stdout).unwrap();
    let word = printed.split_whitespace().last();
    word.unwrap_or_else(|| panic!("{} printed nothing: {said}", runner.language))
        .to_owned()
}

#[track_caller]
fn taken(language: &str, id: &str, hash: String) {
    let said = format!("{language}: {hash:?} for {id:?}");
    let identity = Identity {
        id: id.to_owned(),
        hash: Some(hash),
    };
    let proven = prove(&identity, Some(KEY), true);
    assert!(proven.is_ok_and(|person| person.verified), "{said}");
}

/// The block of docs/embed.md for this language, whose first line is a comment with the language's name.
fn block(language: &str) -> &'static str {
    let (_, rest) = EMBED.split_once("Your server makes the hash").unwrap();
    let (part, _) = rest.split_once("The key is used as it is printed").unwrap();
    let blocks = part.split("```").skip(1).step_by(2);
    let is_it = |block: &&str| {
        let title = block.lines().nth(1).unwrap_or_default();
        title
            .trim_start_matches(['/', '#', ' '])
            .eq_ignore_ascii_case(language)
    };
    let mut found = blocks.filter(is_it);
    let block = found.next();
    let block = block.unwrap_or_else(|| panic!("docs/embed.md has no lines for {language}"));
    // The fence itself names the highlighter's language.
    block.split_once('\n').unwrap().1.trim()
}

/// The expression of PROTOCOL.md for this language.
fn expression(language: &str) -> &'static str {
    let (_, part) = PROTOCOL.split_once("### Identity").unwrap();
    let mut lines = part.lines();
    let found = lines.find_map(|line| line.strip_prefix(language)?.strip_prefix("  "));
    found
        .unwrap_or_else(|| panic!("PROTOCOL.md has no line for {language}"))
        .trim()
}

#[test]
fn the_lines_for_a_sites_server_make_proofs() {
    for runner in &RUNNERS {
        let Some((before, after)) = runner.page else {
            continue;
        };
        let lines = block(runner.language);
        if !is_here(runner) {
            continue;
        }
        let quoted = NAMES.map(|id| (id, format!("\"{id}\"")));
        // Many sites' own names of people are numbers.
        for (id, user) in quoted.into_iter().chain([("42", "42".to_owned())]) {
            let before = before.replace("USER", &user);
            let hash = run(runner, &format!("{before}{lines}{after}"), id);
            taken(runner.language, id, hash);
        }
    }
}

#[test]
fn the_lines_of_the_protocol_make_proofs() {
    for runner in &RUNNERS {
        let expression = expression(runner.language);
        if !is_here(runner) {
            continue;
        }
        let (before, after) = runner.expression;
        for id in NAMES {
            let hash = run(runner, &format!("{before}{expression}{after}"), id);
            taken(runner.language, id, hash);
        }
    }
}

#[test]
fn no_language_of_the_documents_is_without_a_program() {
    let (_, part) = EMBED.split_once("Your server makes the hash").unwrap();
    let (part, _) = part.split_once("The key is used as it is printed").unwrap();
    let blocks = part.matches("```").count() / 2;
    let with_page = RUNNERS.iter().filter(|runner| runner.page.is_some());
    assert_eq!(with_page.count(), blocks);
    let (_, part) = PROTOCOL.split_once("### Identity").unwrap();
    let lines = part.split("```").nth(1).unwrap().trim().lines();
    assert_eq!(lines.count(), RUNNERS.len());
}
