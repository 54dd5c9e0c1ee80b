//! How long the parts of an answer take, in process and without a network: `cargo bench --bench
//! render`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed run should stop")]
use actix_http::Request;
use actix_web::{
    body::{MessageBody, to_bytes},
    dev::{Service, ServiceResponse},
    rt::System,
    test::{TestRequest, init_service},
};
use broadsheet::{
    app::{self, State},
    cli::demo,
    config::Config,
    time::Clock,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;

/// As many articles as make every list full and every link lead somewhere.
const ARTICLES: u64 = 2_000;

fn state(file: &str, cache: &str) -> State {
    let config = Config::read(|name| match name {
        "DATABASE_URL" => Some(format!("sqlite:{file}")),
        "CACHE" => Some(cache.to_owned()),
        _ => None,
    });
    State::open(config.expect("the settings are valid"), Clock::system()).unwrap()
}

async fn body<B: MessageBody>(
    service: &impl Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    path: &str,
) -> Vec<u8> {
    let answer = service.call(TestRequest::with_uri(path).to_request()).await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    let Ok(bytes) = to_bytes(answer.into_body()).await else { panic!("the body broke off") };
    bytes.to_vec()
}

fn render(criterion: &mut Criterion) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("news.db").display().to_string();
    let system = System::new();
    let (plain, cached) = system.block_on(async {
        let plain = state(&file, "off");
        demo::fill(&plain).await.unwrap();
        demo::generate(&plain, ARTICLES, |_| ()).await.unwrap();
        let cached = state(&file, "on");
        (init_service(app::build(plain)).await, init_service(app::build(cached)).await)
    });
    let list = format!("/v1/articles?section={}&limit=20", demo::LARGEST);
    let first: Value =
        serde_json::from_slice(&system.block_on(body(&plain, &list))).expect("a list");
    let page = format!("/v1/page?path={}", first["data"][0]["path"].as_str().unwrap());

    let mut group = criterion.benchmark_group("answer");
    for (what, path) in [("page", &page), ("list of 20", &list)] {
        let bytes = system.block_on(body(&plain, path)).len();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("composed", what), |bencher| {
            bencher.iter(|| system.block_on(body(&plain, path)));
        });
        system.block_on(body(&cached, path));
        group.bench_function(BenchmarkId::new("ready", what), |bencher| {
            bencher.iter(|| system.block_on(body(&cached, path)));
        });
    }
    group.finish();
}

criterion_group!(benches, render);
criterion_main!(benches);
