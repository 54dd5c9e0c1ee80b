//! Generated articles on every database: readers get them as the contract says, page after page.
use std::collections::{BTreeMap, BTreeSet};

use broadsheet::{cli::demo, time::Clock};
use serde_json::Value;

use crate::support::{Engine, TestApp};

/// More than go into one transaction, so that the later ones link to the earlier.
const COUNT: usize = 900;

mod sqlite {
    use super::Engine;

    #[actix_web::test]
    async fn a_generated_newsroom_keeps_the_contract() {
        super::a_generated_newsroom_keeps_the_contract(Engine::Sqlite).await;
    }
}

mod postgres {
    use super::Engine;

    #[actix_web::test]
    async fn a_generated_newsroom_keeps_the_contract() {
        if Engine::postgres_is_here() {
            super::a_generated_newsroom_keeps_the_contract(Engine::Postgres).await;
        }
    }
}

async fn a_generated_newsroom_keeps_the_contract(engine: Engine) {
    let app = TestApp::start_empty(engine, |_| None).await;
    let mut state = app.state.clone();
    state.clock = Clock::system();
    demo::fill(&state).await.unwrap();
    demo::generate(&state, COUNT as u64, |_| ()).await.unwrap();
    app.advance(state.clock.now().seconds() - app.now().seconds() + 1);

    let cards = everything(&app, "/v1/articles?limit=100").await;
    let generated: Vec<&Value> = cards.iter().filter(|card| is_generated(card)).collect();
    assert_eq!(generated.len(), COUNT, "every one is in the list of all");
    the_sections_are_of_very_different_sizes(&app, &generated).await;
    the_dates_are_spread_over_years(&generated);
    the_pages_have_some_of_everything(&app, &generated).await;
}

/// Their slugs end in their numbers.
fn is_generated(card: &Value) -> bool {
    let path = card["path"].as_str().unwrap();
    let tops = ["/kraj/", "/gospodarka/", "/sport-i-ruch/", "/zdrowie/", "/world/", "/ideas/"];
    tops.iter().any(|top| path.starts_with(top))
}

async fn everything(app: &TestApp, list: &str) -> Vec<Value> {
    let (reader, mut found, mut cursor) = (app.anyone(), Vec::new(), String::new());
    loop {
        let page = reader.get(&format!("{list}{cursor}")).await.expect(200);
        found.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn the_sections_are_of_very_different_sizes(app: &TestApp, cards: &[&Value]) {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for card in cards {
        *sizes.entry(card["section"]["path"].as_str().unwrap()).or_default() += 1;
    }
    let half = sizes[demo::LARGEST] * 2;
    assert!((COUNT * 8 / 10..COUNT * 12 / 10).contains(&half), "{sizes:?}");
    assert_eq!(sizes[demo::SMALLEST], 5, "{sizes:?}");
    let few = format!("/v1/articles?limit=100&section={}", demo::SMALLEST);
    let listed = everything(app, &few).await;
    assert_eq!(listed.len(), 5);
}

fn the_dates_are_spread_over_years(cards: &[&Value]) {
    let dates: Vec<&str> =
        cards.iter().map(|card| card["published_at"].as_str().unwrap()).collect();
    assert!(dates.is_sorted_by(|one, next| one >= next), "the newest first");
    let years: BTreeSet<&str> = dates.iter().map(|date| &date[..4]).collect();
    assert!(years.len() >= 8, "{years:?}");
}

async fn the_pages_have_some_of_everything(app: &TestApp, cards: &[&Value]) {
    let (mut types, mut bytes) = (BTreeSet::new(), 0);
    let (mut related, mut comments, mut credited) = (0, 0, 0);
    for card in cards {
        let path = card["path"].as_str().unwrap();
        let page = app.anyone().get(&format!("/v1/page?path={path}")).await.expect(200);
        let blocks = page["blocks"].as_array().unwrap();
        types.extend(blocks.iter().map(|block| block["type"].as_str().unwrap().to_owned()));
        bytes += page["blocks"].to_string().len();
        let boxes = blocks.iter().filter_map(|block| block["links"].as_array());
        related += page["related"].as_array().unwrap().len() + boxes.map(Vec::len).sum::<usize>();
        comments += page["comments"]["count"].as_u64().unwrap();
        credited += usize::from(page["main_media"]["credit_display"].is_string());
    }
    let wanted = ["ad_slot", "heading", "image", "list", "paragraph", "quote", "related"];
    assert!(wanted.iter().all(|name| types.contains(*name)), "{types:?}");
    assert!(related > 50 && comments > 20 && credited > COUNT / 2);
    // With the pictures and ads that are placed among them, more than the 6 KB of the body.
    let average = bytes / COUNT;
    assert!((6_000..12_000).contains(&average), "{average} bytes");
}
