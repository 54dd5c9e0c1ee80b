//! `.env.example` and the program know the same settings.
use std::{collections::BTreeSet, fs};

use broadsheet::config::{Config, NAMES};

fn lines() -> Vec<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// `#NAME=value`: a setting at its default, or at an example of what it takes.
fn setting(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    name.chars().all(|c| c.is_ascii_uppercase() || c == '_').then_some((name, value))
}

#[test]
fn the_example_lists_every_setting_once_and_in_order() {
    let lines = lines();
    let named: Vec<&str> = lines.iter().filter_map(|line| Some(setting(line)?.0)).collect();
    assert_eq!(named, NAMES);
}

#[test]
fn every_setting_is_explained_in_one_line_right_above_it() {
    let lines = lines();
    for pair in lines.windows(2).filter(|pair| setting(&pair[1]).is_some()) {
        let explained = pair[0].strip_prefix("# ").is_some_and(|text| text.ends_with('.'));
        assert!(explained && pair[0].len() <= 100, "{}: {:?}", pair[1], pair[0]);
    }
    let live = lines.iter().find(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(live, None, "the defaults are enough; nothing is set here");
}

#[test]
fn the_example_as_it_stands_is_valid_and_says_what_the_defaults_are() {
    let lines = lines();
    let given: Vec<(&str, &str)> = lines.iter().filter_map(|line| setting(line)).collect();
    let value = |asked: &str| {
        let found = given.iter().find(|(name, value)| *name == asked && !value.is_empty());
        found.map(|(_, value)| (*value).to_owned())
    };
    let (named, default) = (Config::read(value).unwrap(), Config::read(|_| None).unwrap());
    assert_eq!(format!("{named:?}"), format!("{default:?}"));
}

#[test]
fn no_secret_is_given_away() {
    let secrets: BTreeSet<&str> =
        ["JWT_SECRET", "JWT_SECRET_PREVIOUS", "ADMIN_PASSWORD", "PURGE_TOKEN", "METRICS_TOKEN"]
            .into_iter()
            .collect();
    for line in lines() {
        if let Some((name, value)) = setting(&line) {
            assert!(!secrets.contains(name) || value.is_empty(), "{name} has a value");
        }
    }
}
