//! Every endpoint for readers, one request at a time: how long an answer takes when nobody else
//! asks, composed and ready.
use std::{collections::BTreeSet, time::Instant};

use broadsheet::{app::DOCUMENT, cli::demo};

use super::{
    client::{Connection, get},
    report::Measured,
    rows::median,
    sample::{self, Sample, text},
};

/// How many requests are made in one go.
const AT_ONCE: usize = 25;
/// How often each endpoint gets its turn.
const TURNS: usize = 8;

/// Something to ask for, again and again, at these addresses in turn.
struct Endpoint {
    name: &'static str,
    /// Its path in the API document.
    template: &'static str,
    addresses: Vec<String>,
}

/// How long an endpoint's answers take, in microseconds: medians.
pub struct Timing {
    pub name: &'static str,
    /// Without the cache.
    pub composed: f64,
    /// From the cache.
    pub ready: f64,
}

/// Asks every endpoint of every newsroom in turn.
pub async fn medians(of: &[Measured]) -> Vec<Vec<Timing>> {
    let mut endpoints = Vec::new();
    for one in of {
        endpoints.push(endpoints_of(one).await);
    }
    everything_is_there(&endpoints[0]);
    let names: Vec<&'static str> = endpoints[0].iter().map(|endpoint| endpoint.name).collect();
    let mut took = vec![vec![[Vec::new(), Vec::new()]; names.len()]; of.len()];
    for turn in 0..TURNS {
        for at in 0..names.len() {
            for (newsroom, one) in of.iter().enumerate() {
                let addresses = &endpoints[newsroom][at].addresses;
                for (child, took) in
                    [&one.plain, &one.cached].into_iter().zip(&mut took[newsroom][at])
                {
                    let mut reader = Connection::open(child.app()).await;
                    // The first time fills the cache, and is not counted for either.
                    for counted in [false, true] {
                        for number in turn * AT_ONCE..(turn + 1) * AT_ONCE {
                            let request = get(&addresses[number % addresses.len()], &[]);
                            let asked = Instant::now();
                            let answer = reader.ask(&request).await;
                            let micros = asked.elapsed().as_secs_f64() * 1e6;
                            let said = String::from_utf8_lossy(&request);
                            assert_eq!(answer.status, 200, "{said}");
                            if counted {
                                took.push(micros);
                            }
                        }
                    }
                }
            }
        }
    }
    took.into_iter()
        .map(|of_newsroom| {
            let timing = |(name, [composed, ready]): (&&'static str, [Vec<f64>; 2])| Timing {
                name,
                composed: median(composed.into_iter()),
                ready: median(ready.into_iter()),
            };
            names.iter().zip(of_newsroom).map(timing).collect()
        })
        .collect()
}

/// Fails where the API has an endpoint for readers that is not asked.
fn everything_is_there(endpoints: &[Endpoint]) {
    let asked: BTreeSet<&str> = endpoints.iter().map(|endpoint| endpoint.template).collect();
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        let for_readers = path.starts_with("/v1/") && operations["get"].is_object();
        assert!(!for_readers || asked.contains(path.as_str()), "{path} is not asked");
    }
}

async fn endpoints_of(one: &Measured) -> Vec<Endpoint> {
    let Sample { pieces, leaves, deep } = &one.sample;
    let mut reader = Connection::open(one.plain.app()).await;
    let (mut media, mut credits) = (BTreeSet::new(), BTreeSet::new());
    let (mut authors, mut comments, mut discussed) = (BTreeSet::new(), Vec::new(), Vec::new());
    for piece in pieces.iter().take(400) {
        let page = reader.json(&sample::page(&piece.path)).await;
        if let Some(main) = page["main_media"].as_object() {
            media.insert(text(&main["id"]));
            credits.insert(text(&main["credit"]["id"]));
        }
        authors.extend(page["authors"].as_array().unwrap().iter().map(|it| text(&it["id"])));
        let said = page["comments"]["data"].as_array().unwrap();
        if !said.is_empty() {
            discussed.push(piece.id.clone());
            comments.extend(said.iter().map(|comment| text(&comment["id"])));
        }
    }
    let each = |format: fn(&str) -> String, ids: &BTreeSet<String>| {
        ids.iter().map(|id| format(id)).collect::<Vec<_>>()
    };
    let of_pieces = |format: fn(&sample::Piece) -> String| pieces.iter().map(format).collect();
    let of_leaves = |format: fn(&sample::Leaf) -> String| leaves.iter().map(format).collect();
    let alone = |address: &str| vec![address.to_owned()];
    let list = "/v1/articles";
    let (largest, smallest) = (demo::LARGEST, demo::SMALLEST);
    let endpoint = |name, template, addresses| Endpoint { name, template, addresses };
    let article = "/v1/articles/{id}";
    vec![
        endpoint("page of an article", "/v1/page", of_pieces(|it| sample::page(&it.path))),
        endpoint("page of a section", "/v1/page", of_leaves(|it| sample::page(&it.path))),
        endpoint("home page", "/v1/page", alone("/v1/page?path=/")),
        endpoint("article by id", article, of_pieces(|it| format!("/v1/articles/{}", it.id))),
        endpoint(
            "article by id, as HTML",
            article,
            of_pieces(|it| format!("/v1/articles/{}?body=html", it.id)),
        ),
        endpoint(
            "article by address",
            "/v1/articles/by-path",
            of_pieces(|it| format!("/v1/articles/by-path?path={}", it.path)),
        ),
        endpoint("list of all", list, alone("/v1/articles?limit=20")),
        endpoint("list of a tag", list, alone("/v1/articles?limit=20&tag=transport")),
        endpoint(
            "list of an author",
            list,
            each(|id| format!("/v1/articles?limit=20&author={id}"), &authors),
        ),
        endpoint("list of a genre", list, alone("/v1/articles?limit=20&genre=interview")),
        endpoint("list of a language", list, alone("/v1/articles?limit=20&language=en")),
        endpoint(
            "list of a section and a tag",
            list,
            vec![format!("{}&tag=rzeka", sample::list(largest))],
        ),
        endpoint("list, counted", list, alone("/v1/articles?limit=20&total=true")),
        endpoint("list, oldest first", list, alone("/v1/articles?limit=20&sort=oldest")),
        endpoint("largest section, page 1", list, vec![sample::list(largest)]),
        endpoint("largest section, deepest page", list, vec![deep[0].address.clone()]),
        endpoint("smallest section, page 1", list, vec![sample::list(smallest)]),
        endpoint("smallest section, deepest page", list, vec![deep[1].address.clone()]),
        endpoint(
            "comments of an article",
            "/v1/articles/{id}/comments",
            discussed.iter().map(|id| format!("/v1/articles/{id}/comments")).collect(),
        ),
        endpoint(
            "comment",
            "/v1/comments/{id}",
            comments.iter().map(|id| format!("/v1/comments/{id}")).collect(),
        ),
        endpoint("medium", "/v1/media/{id}", each(|id| format!("/v1/media/{id}"), &media)),
        endpoint(
            "media credit",
            "/v1/media-credits/{id}",
            each(|id| format!("/v1/media-credits/{id}"), &credits),
        ),
        endpoint("section tree", "/v1/sections", alone("/v1/sections")),
        endpoint("section", "/v1/sections/{id}", of_leaves(|it| format!("/v1/sections/{}", it.id))),
        endpoint(
            "ad slots",
            "/v1/ad-slots",
            of_leaves(|it| format!("/v1/ad-slots?section={}", it.path)),
        ),
    ]
}
