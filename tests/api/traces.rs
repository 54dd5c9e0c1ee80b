//! Traces: a collector gets the spans of requests and of what they had the database do.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;

use crate::support::{TestApp, on_both_engines};

on_both_engines! {
    a_request_and_its_database_jobs_are_below_the_caller_s_span,
    without_a_collector_nothing_is_traced,
}

/// Takes one request after the other until the caller hangs up, and hands over the bodies.
fn take(stream: &TcpStream, taken: &Sender<(String, Vec<u8>)>) {
    let (mut lines, mut out) = (BufReader::new(stream), stream);
    loop {
        let mut request = String::new();
        if lines.read_line(&mut request).is_ok_and(|read| read == 0) {
            return;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            match line.trim_end().to_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).unwrap();
        taken.send((request.trim_end().to_owned(), body)).unwrap();
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

/// Where it listens, and what has arrived there.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (taken, arrived) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            take(&stream.unwrap(), &taken);
        }
    });
    (origin, arrived)
}

fn text<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

async fn a_request_and_its_database_jobs_are_below_the_caller_s_span(app: TestApp) {
    let (origin, arrived) = collector();
    let server = app
        .another(|name| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| format!("{origin}/")))
        .await;
    let admin = server.sign_in(crate::support::ADMIN).await;
    let caller = admin
        .with("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .with("x-request-id", "traced");
    caller.get("/manage/v1/me").await.expect(200);
    let traces = server.state.traces.clone().unwrap();
    actix_web::web::block(move || traces.end()).await.unwrap().unwrap();

    let (request, body) = arrived.recv_timeout(Duration::from_secs(30)).expect("spans");
    assert_eq!(request, "POST /v1/traces HTTP/1.1");
    let sent = ExportTraceServiceRequest::decode(&*body).unwrap().resource_spans;
    let scopes = sent.into_iter().flat_map(|of| of.scope_spans);
    let spans: Vec<Span> = scopes.flat_map(|scope| scope.spans).collect();
    let one = spans.iter().find(|span| text(span, "broadsheet.request_id") == Some("traced"));
    let one = one.expect("the request");
    assert_eq!(one.name, "GET /manage/v1/me");
    assert_eq!(one.kind(), SpanKind::Server);
    assert_eq!(text(one, "http.route"), Some("/manage/v1/me"));
    assert!(text(one, "user.id").is_some());
    assert_eq!(one.trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes());
    assert_eq!(one.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    let job = spans.iter().find(|span| span.parent_span_id == one.span_id).expect("its job");
    assert_eq!((&*job.name, &job.trace_id), ("reader", &one.trace_id));
    assert!(one.start_time_unix_nano <= job.start_time_unix_nano);
    // Signing in was not a part of anything that the caller has told.
    let other = spans.iter().find(|span| span.name == "POST /manage/v1/session").unwrap();
    assert!(other.parent_span_id.is_empty() && other.trace_id != one.trace_id);
}

async fn without_a_collector_nothing_is_traced(app: TestApp) {
    assert!(app.state.traces.is_none());
}
