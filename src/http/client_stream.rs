//! The bytes of a client's connection: bounds how long the client may take none of an answer,
//! gives what actix refuses on its own the form of every other refusal, and lets the connection
//! end between two requests when the server stops.
use std::{
    cell::Cell,
    future::Future,
    io,
    mem::{self, MaybeUninit},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_server::GracefulShutdownSignal;
use actix_web::rt::{
    net::TcpStream,
    time::{Sleep, sleep},
};

use socket2::SockRef;

use super::unreadable::{self, Refusals};

/// For how long a client may go on sending after it was refused, before the connection is closed.
/// Closed at once, it would be reset, and the client might never read why.
const LINGER: Duration = Duration::from_secs(1);

/// What the handlers' side and the connection tell each other.
#[derive(Debug, Default)]
pub struct Exchange {
    /// How many requests are being answered.
    running: Cell<u32>,
    /// Whether bytes have come that belong to no request as yet.
    begun: Cell<bool>,
    /// Whether the server is stopping.
    stopping: Cell<bool>,
}

/// A request that is being answered, until dropped.
pub struct Running(Rc<Exchange>);

impl Exchange {
    /// A request was read and is being answered now.
    pub fn run(self: &Rc<Self>) -> Running {
        self.running.set(self.running.get() + 1);
        self.begun.set(false);
        Running(Rc::clone(self))
    }

    fn is_idle(&self) -> bool {
        self.running.get() == 0 && !self.begun.get()
    }
}

impl Running {
    /// Whether the connection ends with this answer.
    pub fn is_last(&self) -> bool {
        self.0.stopping.get()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
        self.0.begun.set(false);
    }
}

/// A client's connection.
pub struct ClientStream {
    stream: TcpStream,
    exchange: Rc<Exchange>,
    /// Ends when the server begins to stop.
    stop: Pin<Box<dyn Future<Output = ()>>>,
    send_timeout: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    refusals: Rc<Refusals>,
    refusing: Refusing,
}

/// How far a refusal of actix' own has got that was put into the API's form.
enum Refusing {
    /// There was none.
    No,
    /// These bytes are still to be sent.
    Sending(Vec<u8>),
    /// All is sent; the client may finish what it was saying.
    Lingering(Pin<Box<Sleep>>),
    /// Nothing more is to be done.
    Done,
}

impl ClientStream {
    /// Takes over an accepted connection.
    pub fn new(
        stream: TcpStream,
        send_timeout: Duration,
        stop: GracefulShutdownSignal,
        refusals: Rc<Refusals>,
    ) -> Self {
        Self {
            stream,
            exchange: Rc::default(),
            stop: Box::pin(async move { stop.notified().await }),
            send_timeout,
            stalled: None,
            refusals,
            refusing: Refusing::No,
        }
    }

    /// The connection itself.
    pub fn tcp(&self) -> &TcpStream {
        &self.stream
    }

    /// What the handlers' side tells this one, and the other way round.
    pub fn exchange(&self) -> Rc<Exchange> {
        Rc::clone(&self.exchange)
    }

    /// Sends some of the bytes, and gives up once the client has taken none for too long.
    fn send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(sent) = Pin::new(&mut self.stream).poll_write(cx, bytes) {
            self.stalled = None;
            return Poll::Ready(sent);
        }
        let timeout = self.send_timeout;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout))).as_mut().poll(cx));
        self.refusals.note_stalled();
        // What is still on its way is given up as well, or the system would keep it for minutes.
        let _ = self.stream.set_zero_linger();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Sends the refusal in its own form, and waits for a moment until the client has heard it.
    fn refuse(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match mem::replace(&mut self.refusing, Refusing::Done) {
                Refusing::No | Refusing::Done => return Poll::Ready(Ok(())),
                Refusing::Sending(mut left) => {
                    let sent = self.send(cx, &left);
                    if let Poll::Ready(Ok(0)) = sent {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    if let Poll::Ready(Ok(sent)) = sent {
                        left.drain(..sent);
                    }
                    self.refusing = if left.is_empty() {
                        // A client that has gone away already hears nothing.
                        let _ = Pin::new(&mut self.stream).poll_shutdown(cx);
                        Refusing::Lingering(Box::pin(sleep(LINGER)))
                    } else {
                        Refusing::Sending(left)
                    };
                    ready!(sent)?;
                }
                Refusing::Lingering(mut until) => {
                    let over = until.as_mut().poll(cx).is_ready() || self.has_ended(cx);
                    if !over {
                        self.refusing = Refusing::Lingering(until);
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Takes in, and forgets, whatever has come; whether that was all there will ever be.
    fn has_ended(&mut self, cx: &mut Context<'_>) -> bool {
        let mut bytes = [0; 4096];
        loop {
            let mut heard = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut heard) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) if !heard.filled().is_empty() => {}
                Poll::Ready(_) => return true,
            }
        }
    }
}

/// Whether bytes have come that the runtime has not heard of yet; it will.
fn has_unread(stream: &TcpStream) -> bool {
    SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]).is_ok_and(|bytes| bytes > 0)
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let stopping = &this.exchange.stopping;
        if !stopping.get() && this.stop.as_mut().poll(cx).is_ready() {
            stopping.set(true);
        }
        let before = buf.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buf) {
            if buf.filled().len() > before {
                this.exchange.begun.set(true);
            }
            return Poll::Ready(read);
        }
        // As if the client had said that there is nothing more to come: what was read is answered,
        // and the connection closed.
        let over = stopping.get() && this.exchange.is_idle() && !has_unread(&this.stream);
        if over { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some((at, status)) = unreadable::refusal_at_the_end(bytes) {
            if at > 0 {
                return this.send(cx, &bytes[..at]);
            }
            if matches!(this.refusing, Refusing::No) {
                this.refusing = Refusing::Sending(this.refusals.answer(status)?);
            }
            ready!(this.refuse(cx))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        this.send(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::ready,
        io::Write,
        net::{TcpListener, TcpStream as Client},
        task::Waker,
    };

    use super::*;
    use crate::http::{meter::Meter, routes::Routes};

    /// The server's end of a connection, while the server stops, and the client's.
    fn stopping() -> (ClientStream, Client) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let meter = Meter::open(&Routes::of(r#"{"paths": {}}"#).unwrap()).unwrap();
        let stream = ClientStream {
            stream: TcpStream::from_std(stream).unwrap(),
            exchange: Rc::default(),
            stop: Box::pin(ready(())),
            send_timeout: LINGER,
            stalled: None,
            refusals: Rc::new(Refusals::new(None, meter)),
            refusing: Refusing::No,
        };
        (stream, client)
    }

    /// Whether the connection is to end now.
    fn ends(stream: &mut ClientStream) -> bool {
        let (mut bytes, mut cx) = ([0; 16], Context::from_waker(Waker::noop()));
        let mut read = ReadBuf::new(&mut bytes);
        let polled = Pin::new(stream).poll_read(&mut cx, &mut read);
        polled.is_ready() && read.filled().is_empty()
    }

    #[actix_web::test]
    async fn a_connection_ends_with_the_server_unless_something_has_come_on_it() {
        let (mut idle, _client) = stopping();
        assert!(ends(&mut idle));
        let (mut asked, mut client) = stopping();
        // The runtime gets no turn before it is asked, so that it has not heard of this.
        client.write_all(b"GET /").unwrap();
        while !has_unread(&asked.stream) {}
        assert!(!ends(&mut asked));
        let (mut answering, _client) = stopping();
        let running = answering.exchange.run();
        assert!(!ends(&mut answering));
        drop(running);
        assert!(ends(&mut answering));
    }
}
