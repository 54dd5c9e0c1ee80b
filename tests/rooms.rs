//! The floor plan, enforced: which room may use which, and what stays out of which file.
#![expect(clippy::unwrap_used, reason = "a failed test should stop")]
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use broadsheet::error::CODES;
use regex::Regex;

/// A room uses rooms of lower floors: never those above, and none beside it. Only the ground
/// floor is one hall.
const FLOORS: &[&[&str]] = &[
    &[
        "boot_time",
        "config",
        "error",
        "ids",
        "outbound",
        "private",
        "tags",
        "text",
        "time",
        "traces",
    ],
    &["db"],
    &["http", "purge"],
    &["transfer"],
    &["auth", "operations"],
    &["sections"],
    &["media", "ads", "users", "journal"],
    &["articles"],
    &["comments"],
    &["integrity", "pages"],
    &["app"],
    &["cli"],
];

/// Macros live at the crate's root, whichever room exports them.
const MACROS: &[(&str, &str)] = &[("text_enum", "db"), ("tagged_union", "http")];

/// What editors work on. Readers get editions, so nothing made for readers may name these.
const WORKING_TABLES: &[&str] =
    &["articles", "article_uses", "article_authors", "article_contributors", "related_links"];

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The room the file is in; none for the two roots.
    fn room(&self) -> Option<&str> {
        let first = self.path.iter().nth(1).unwrap().to_str().unwrap().trim_end_matches(".rs");
        (!["lib", "main"].contains(&first)).then_some(first)
    }

    fn is(&self, path: &str) -> bool {
        self.path == Path::new(path)
    }

    /// The text without its comments, which may speak of anything.
    fn code(&self) -> String {
        let code = self.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    }
}

fn sources() -> Vec<Source> {
    let (mut found, mut paths) = (Vec::new(), vec![PathBuf::from("src")]);
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(Source { text: fs::read_to_string(&path).unwrap(), path });
        }
    }
    assert!(found.len() > 40, "the walk did not find the sources");
    found
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The first names in what follows each `prefix`: `a` in `a::b;`, `a` and `d` in
/// `{a::{b, c}, d};`.
fn named_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        names.extend(first_names(&code[at + prefix.len()..]));
    }
    names
}

fn first_names(code: &str) -> Vec<String> {
    let word = |code: &str| -> String {
        code.chars().take_while(|c| c.is_alphanumeric() || "_*".contains(*c)).collect()
    };
    let Some(group) = code.strip_prefix('{') else { return vec![word(code)] };
    let (mut names, mut depth, mut fresh) = (Vec::new(), 1, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' => fresh |= depth == 1,
            _ if fresh && !c.is_whitespace() => {
                names.push(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[test]
fn names_are_read_out_of_every_form_of_use() {
    let code = "use crate::{a::{b, c}, d, text_enum,\n  e::{self, f::{g}},\n};\n crate::h::i(); \
                my_crate::no; use crate::j;";
    let names = named_after(code, "crate::");
    assert_eq!(names.iter().collect::<Vec<_>>(), ["a", "d", "e", "h", "j", "text_enum"]);
    assert_eq!(first_names("*;"), ["*"]);
}

#[test]
fn every_room_uses_lower_floors_only() {
    for source in sources() {
        let Some(room) = source.room() else { continue };
        let path = source.path.display();
        let home = floor(room).unwrap_or_else(|| panic!("{path}: {room} is on no floor"));
        for name in named_after(&source.code(), "crate::") {
            let macros = MACROS.iter().find(|(exported, _)| *exported == name);
            let used = macros.map_or(name.as_str(), |(_, room)| room);
            let there = floor(used).unwrap_or_else(|| panic!("{path}: {used} is on no floor"));
            let fits = there < home || used == room || (home == 0 && there == 0);
            assert!(fits, "{path} uses {used}, which is not below it");
        }
    }
}

#[test]
fn no_file_climbs_to_the_root_by_super() {
    for source in sources() {
        // A file of depth 1 has the crate's root right above it.
        let depth = source.path.iter().count() - 1 - usize::from(source.path.ends_with("mod.rs"));
        let climb = format!("use {}", "super::".repeat(depth));
        let climbs = source.code().lines().any(|line| line.starts_with(&climb));
        assert!(!climbs || source.room().is_none(), "{}: say `crate::`", source.path.display());
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//!"), "{} does not", source.path.display());
    }
}

#[test]
fn nothing_made_for_readers_names_a_working_table() {
    for source in sources() {
        let for_readers = source.path.starts_with("src/pages")
            || source.path.ends_with("deliver.rs")
            || ["queries", "feed", "shown"]
                .iter()
                .any(|file| source.is(&format!("src/articles/editions/{file}.rs")));
        if !for_readers {
            continue;
        }
        let (code, path) = (source.code(), source.path.display());
        let tables: BTreeSet<String> = code
            .match_indices("schema::")
            .flat_map(|(at, _)| first_names(&code[at + 8..]))
            .collect();
        assert!(!tables.contains("*"), "{path} takes every table");
        for table in WORKING_TABLES {
            let named = tables.contains(*table) || code.contains(&format!("{table}::table"));
            assert!(!named, "{path} names {table}: a draft could leak");
        }
    }
}

#[test]
fn one_file_decides_which_sections_are_a_caller_s() {
    for source in sources().iter().filter(|source| !source.is("src/sections/scope.rs")) {
        let path = source.path.display();
        assert!(!source.code().contains("caller.sections"), "{path}: ask `sections::scope`");
    }
}

#[test]
fn only_the_dialect_tells_the_databases_apart() {
    const MATCHES: &[&str] = &["Conn::Sqlite", "Conn::Postgres"];
    const SQL: &[&str] = &["sql_query", "batch_execute", "dsl::sql"];
    for source in sources() {
        if source.path.starts_with("src/db/dialect") {
            continue;
        }
        let (code, path) = (source.code(), source.path.display());
        let found = |words: &[&'static str]| words.iter().copied().find(|word| code.contains(word));
        if !source.is("src/db/migrations.rs") {
            assert_eq!(found(MATCHES), None, "{path} matches on the database");
        }
        assert_eq!(found(SQL), None, "{path} holds raw SQL");
    }
}

#[test]
fn both_databases_have_the_same_migrations_each_with_a_way_back() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = fs::read_dir(format!("migrations/{engine}")).unwrap();
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, postgres);
    for engine in ["sqlite", "postgres"] {
        for name in &sqlite {
            for file in ["up.sql", "down.sql"] {
                let path = format!("migrations/{engine}/{name}/{file}");
                let sql = fs::read_to_string(&path).unwrap_or_else(|_| panic!("no {path}"));
                assert!(!sql.trim().is_empty(), "{path} is empty");
            }
        }
    }
}

/// Where the sources name a code, as the argument behind a place or the first, and the kind of
/// problem that comes of it, where that is certain.
const CODES_NAMED: [(&str, Option<&str>); 6] = [
    (r#"FieldError::(?:at|parameter)\(\s*[^;]{1,120}?,\s*"([a-z_]+)","#, None),
    (r#"\bError::parameter\(\s*[^;]{1,120}?,\s*"([a-z_]+)","#, Some("malformed")),
    (r#"\bError::invalid\(\s*[^;]{1,120}?,\s*"([a-z_]+)","#, Some("invalid")),
    (r#"broken\(\s*"([a-z_]+)","#, Some("invalid")),
    (r#"\bcoded\(\s*"([a-z_]+)","#, Some("invalid")),
    (r#"broken_at\(\s*[^;]{1,120}?,\s*"([a-z_]+)","#, Some("invalid")),
];

/// What `validator` calls the rules of its own that are used here.
const RULES: [&str; 4] = ["email", "length", "range", "url"];

#[test]
fn every_code_in_the_sources_is_explained_and_every_one_explained_is_in_the_sources() {
    let (mut named, mut all) = (BTreeSet::new(), String::new());
    for source in sources().iter().filter(|source| !source.is("src/error/codes.rs")) {
        let code = source.code();
        for (pattern, kind) in CODES_NAMED {
            let pattern = Regex::new(pattern).unwrap();
            named.extend(pattern.captures_iter(&code).map(|found| (found[1].to_owned(), kind)));
        }
        all.push_str(&code);
    }
    assert!(named.len() > 40, "the walk did not find the codes: {named:?}");
    let known: BTreeSet<&str> = CODES.iter().map(|code| code.name).collect();
    for (code, kind) in &named {
        let explained = CODES.iter().find(|known| known.name == code);
        let explained = explained.unwrap_or_else(|| panic!("src/error/codes.rs lacks `{code}`"));
        let listed = |kind: &str| explained.kinds.iter().any(|known| known.name == kind);
        assert!(kind.is_none_or(listed), "src/error/codes.rs: `{code}` comes with {kind:?}, too");
    }
    for code in known {
        let used = RULES.contains(&code) || all.contains(&format!("\"{code}\""));
        assert!(used, "src/error/codes.rs explains `{code}`, which nothing answers");
    }
    assert!(CODES.is_sorted_by_key(|code| code.name), "src/error/codes.rs is by name");
}
