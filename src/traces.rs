//! Traces: which request spent its time where, sent to a collector as OTLP says.
//!
//! Only where the settings name a collector; everywhere else nothing of this is even begun.
use std::{fmt, future::Future, time::Duration};

use actix_web::http::header::{HeaderMap, HeaderName};
use async_trait::async_trait;
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    resource::EnvResourceDetector,
    trace::{SdkTracer, SdkTracerProvider},
};

use crate::{
    config::Config,
    error::{Error, Result},
    outbound::agent,
};

/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// The request under way, where it is traced.
    static UNDER_WAY: (Traces, Context);
}

/// Sends spans in the background. Cheap to clone.
#[derive(Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// A span that may not be traced at all. Ends when dropped.
pub struct Job(Option<<SdkTracer as Tracer>::Span>);

impl Traces {
    /// Begins where the settings name a collector.
    pub fn open(config: &Config) -> Result<Option<Self>> {
        let Some(collector) = &config.operations.traces else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client(agent(PATIENCE)))
            .with_endpoint(collector.reveal())
            .build()
            .map_err(Error::internal)?;
        let name = KeyValue::new("service.name", "broadsheet");
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty()
            .with_attributes([name, version])
            // What OTEL_RESOURCE_ATTRIBUTES says counts more.
            .with_detector(Box::new(EnvResourceDetector::new()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(exporter)
            .build();
        let tracer = provider.tracer("broadsheet");
        Ok(Some(Self { provider, tracer }))
    }

    /// Begins the span of a request, below the caller's own where they send it along
    /// (W3C Trace Context).
    pub fn begin(&self, name: String, headers: &HeaderMap) -> Context {
        let above =
            TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers));
        let span = self.tracer.span_builder(name).with_kind(SpanKind::Server);
        let span = span.start_with_context(&self.tracer, &above);
        above.with_span(span)
    }

    /// Whatever `work` has the database do is traced below the request.
    pub async fn during<T>(&self, request: Context, work: impl Future<Output = T>) -> T {
        UNDER_WAY.scope((self.clone(), request), work).await
    }

    /// Sends what has not been sent yet, and ends.
    pub fn end(&self) -> Result<()> {
        self.provider.shutdown().map_err(Error::internal)
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("traces")
    }
}

/// Ends a request's span with what became of it.
pub fn end(request: &Context, status: u16, attributes: impl IntoIterator<Item = KeyValue>) {
    let span = request.span();
    span.set_attributes(attributes);
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
    span.end();
}

impl Job {
    /// Begins the span of a job below the request under way, if that is traced.
    pub fn queued(name: &'static str) -> Self {
        let span =
            UNDER_WAY.try_with(|(traces, request)| traces.tracer.start_with_context(name, request));
        Self(span.ok())
    }

    /// Its turn has come.
    pub fn begun(&mut self) {
        if let Some(span) = &mut self.0 {
            span.add_event("begun", Vec::new());
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Sends over the program's own HTTP, in the thread of those who gather spans.
#[derive(Debug)]
struct Client(ureq::Agent);

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = request.map(|body| body.to_vec());
        let (head, mut body) = self.0.run(request)?.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?.into()))
    }
}
