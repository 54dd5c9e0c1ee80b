//! `broadsheet serve`: serves the API until it is told to stop.
use std::{
    future::ready,
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, Protocol};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{dev::AppConfig, rt::net::TcpStream};
use socket2::{Domain, Socket, Type};

use super::stop::Stop;
use crate::{
    app::{self, State},
    config::Config,
    db::dialect::about,
    error::{Error, Result},
    http::{client_stream::ClientStream, connections::Connections},
    purge::Purger,
    time::Clock,
    users,
};

/// How many threads each worker has for what would hold up others: codings and passwords. There is
/// a worker for each core, and all of this is computing, so that more would only take memory:
/// some megabytes each.
const BLOCKING_THREADS: usize = 2;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// For how long a connection that is being closed waits for its client to close it too.
const DISCONNECT: Duration = Duration::from_secs(1);

/// Serves until SIGINT or SIGTERM; what is in flight is finished.
pub async fn serve(config: Config) -> Result<()> {
    // Each connection is a file; the limit that programs start with is for those with few.
    rlimit::increase_nofile_limit(u64::MAX).map_err(Error::internal)?;
    let state = State::open(config, Clock::system())?;
    first_administrator(&state).await?;
    run(bind(state.clone())?, &state).await
}

/// A server that has its address and answers once it is run.
pub struct Bound {
    server: Server,
    /// Where it listens: where the system was to choose a port, the one that it chose.
    pub address: SocketAddr,
    stop: Stop,
}

/// Answers until it is told to stop, and has outside caches purged as long.
pub async fn run(bound: Bound, state: &State) -> Result<()> {
    let Bound { server, address, stop } = bound;
    let purger = Purger::start(&state.config, &state.db, &state.clock).await?;
    let database = state.db.read(|conn| about::describe(conn)).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        database,
        "serving http://{address} (documentation: http://{address}/docs/)"
    );
    let done = server.await.map_err(Error::internal);
    if let Some(purger) = purger {
        purger.end().await;
    }
    if let Some(traces) = &state.traces
        && let Err(err) = traces.end()
    {
        tracing::warn!("the last traces were not sent: {err}");
    }
    stop.note_end();
    done
}

/// Binds the address. From now on a signal to stop is heard.
///
/// Made of what actix-web's `HttpServer` is made of, which would let nobody stand between a
/// connection and the reader of its requests.
pub fn bind(state: State) -> Result<Bound> {
    let config = Arc::clone(&state.config);
    let bind_addr = config.bind_addr;
    let connections = Connections::new(&config);
    let send_timeout = Duration::from_secs(config.send_timeout.get().into());
    let asked_to_stop = Stop::new(state.meter.clone());
    let server = ServerBuilder::new()
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .shutdown_timeout(config.shutdown_timeout.into())
        .shutdown_signal(asked_to_stop.asked()?);
    let stop = server.graceful_shutdown_signal();
    let worker = move || {
        let app = app::build(state.clone()).into_factory().map_err(|err| err.error_response());
        let (connections, stop) = (connections.clone(), stop.clone());
        let refusals = Rc::new(state.refusals());
        let http = HttpService::build()
            .client_disconnect_timeout(DISCONNECT)
            .local_addr(bind_addr)
            .on_connect_ext(move |client: &ClientStream, extensions| {
                extensions.insert(client.exchange());
                connections.count(client.tcp(), extensions);
            })
            .finish(map_config(app, |()| AppConfig::default()));
        let accept = move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            let refusals = Rc::clone(&refusals);
            let client = ClientStream::new(stream, send_timeout, stop.clone(), refusals);
            ready(Ok((client, Protocol::Http1, peer)))
        };
        fn_service(accept).and_then(http)
    };
    let bound = listen(bind_addr).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((server.listen("http", listener, worker)?, address))
    });
    let (server, address) =
        bound.map_err(|err| Error::internal(format!("BIND_ADDR: {bind_addr}: {err}")))?;
    Ok(Bound { server: server.run(), address, stop: asked_to_stop })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart takes the address over while connections of the last run linger.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

async fn first_administrator(state: &State) -> Result<()> {
    let Some((email, password)) =
        state.config.admin_email.as_ref().zip(state.config.admin_password.as_ref())
    else {
        if !state.db.read(|conn| users::queries::any(conn)).await? {
            tracing::warn!(
                "nobody can sign in yet: `broadsheet user add YOU@EXAMPLE.ORG --name \"YOUR NAME\" \
                 --role admin` makes the first administrator"
            );
        }
        return Ok(());
    };
    let now = state.clock.now();
    if users::first::make_administrator(&state.db, email, password, now).await? {
        tracing::info!("made the first administrator, as ADMIN_EMAIL says");
    }
    Ok(())
}
