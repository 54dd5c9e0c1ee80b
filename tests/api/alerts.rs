//! What is shipped for Prometheus and Grafana names figures that there are, and the handbook knows
//! each alert. `.ci/run` has `promtool` try the rules themselves.
use std::{collections::BTreeSet, fs};

use regex::Regex;
use serde_json::Value;

use crate::{
    metrics::names,
    support::{Engine, TestApp, execute},
};

fn file(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The figures that a text names; of a histogram, as a whole.
fn figures(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:broadsheet|process)_[a-z0-9_]+").unwrap();
    let whole = |found: &str| found.trim_end_matches("_bucket").to_owned();
    name.find_iter(text).map(|found| whole(found.as_str())).collect()
}

/// Every figure of a server that does all that has figures.
async fn shown() -> BTreeSet<String> {
    let app = TestApp::start_with(Engine::Sqlite, |name| {
        (name == "PURGE_URL").then(|| "http://127.0.0.1:9/".to_owned())
    })
    .await;
    // Told from here on, once somebody tells.
    execute(app.url(), "insert into journal_readers (name, seq) values ('purge', 0)");
    app.anyone().get("/v1/sections").await.expect(200);
    names(&app).await
}

/// The names that stand behind this word in a file, in their order.
fn named(text: &str, word: &str) -> Vec<String> {
    let lines =
        text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(word));
    lines.map(|name| name.trim().to_owned()).collect()
}

#[actix_web::test]
async fn alerts_and_dashboard_name_figures_that_there_are() {
    let shown = shown().await;
    let rules = file("deploy/alerts.yml");
    let expressions: String =
        rules.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let alerted = figures(&expressions);
    assert!(alerted.len() > 15, "{alerted:?}");
    assert!(alerted.is_subset(&shown), "{:?}", alerted.difference(&shown));
    let dashboard: Value = serde_json::from_str(&file("deploy/dashboard.json")).unwrap();
    let on_it = figures(&dashboard.to_string());
    assert_eq!(on_it, shown, "the dashboard has them all");
}

/// The rows of the handbook's table are those figures and no others. The other direction is held
/// where figures are tested.
#[actix_web::test]
async fn the_handbook_explains_no_figure_that_is_gone() {
    let shown = shown().await;
    let handbook = file("OPERATIONS.md");
    let rows = handbook.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let rows: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(rows, shown);
}

#[test]
fn every_alert_is_tried_both_ways_and_has_its_section_in_the_handbook() {
    let (rules, tests) = (file("deploy/alerts.yml"), file("deploy/alerts.test.yml"));
    let handbook = file("OPERATIONS.md");
    let alerts = named(&rules, "alert:");
    assert!(alerts.len() > 15);
    let tried = named(&tests, "name:");
    let sections = named(&handbook, "### Broadsheet");
    let sections: Vec<String> = sections.iter().map(|name| format!("Broadsheet{name}")).collect();
    assert_eq!(sections.iter().collect::<BTreeSet<_>>(), alerts.iter().collect());
    for alert in &alerts {
        for how in ["fires", "bears it"] {
            assert!(tried.contains(&format!("{alert} {how}")), "no test in which {alert} {how}");
        }
    }
    let expected: Vec<String> =
        alerts.iter().map(|alert| format!("OPERATIONS.md#{}", alert.to_lowercase())).collect();
    assert_eq!(named(&rules, "runbook:"), expected, "each leads to its own section");
    assert_eq!(named(&rules, "summary:").len(), alerts.len());
}

#[test]
fn the_dashboard_takes_whatever_prometheus_it_is_given() {
    let dashboard: Value = serde_json::from_str(&file("deploy/dashboard.json")).unwrap();
    assert_eq!(dashboard["__inputs"][0]["name"], "DS_PROMETHEUS");
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let sources = panel["targets"].as_array().unwrap().iter().chain([panel]);
        for source in sources {
            assert_eq!(source["datasource"]["uid"], "${DS_PROMETHEUS}", "{panel:#}");
        }
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            assert!(expression.contains("job=~\"$job\""), "{expression}");
        }
    }
}
