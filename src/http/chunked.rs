//! Chunked bodies: who is refused before the end of one is not listened to any longer.
use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header,
    middleware::Next,
    web::Bytes,
};
use futures_core::Stream;

/// Middleware around the whole app. A body of known length that nobody has read to its end makes
/// actix close the connection; a chunked one it would read on, for as long as it is sent, once
/// the reader is gone. So the reader stays until the answer is sent.
pub async fn hold<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, Answer>>, actix_web::Error> {
    if !req.headers().contains_key(header::TRANSFER_ENCODING) {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    }
    let reader = Reader(Rc::new(RefCell::new(req.take_payload())));
    req.set_payload(Payload::Stream { payload: Box::pin(reader.clone()) });
    let answer = next.call(req).await?;
    Ok(answer.map_body(|_, body| {
        EitherBody::right(Answer { body: BoxBody::new(body), _reader: reader })
    }))
}

/// Reads a body that others hold on to as well.
#[derive(Clone)]
struct Reader(Rc<RefCell<Payload>>);

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// The body of an answer that holds on to the reader of its request's.
pub struct Answer {
    body: BoxBody,
    _reader: Reader,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;
    fn size(&self) -> BodySize {
        self.body.size()
    }
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
