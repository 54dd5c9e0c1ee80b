//! `broadsheet serve`: serves the API until it is told to stop.
use std::net::SocketAddr;

use actix_web::{HttpServer, dev::Server};

use super::stop::Stop;
use crate::{
    app::{self, State},
    config::Config,
    db::dialect::about,
    error::{Error, Result},
    http::connections::Connections,
    purge::Purger,
    time::Clock,
    users,
};

/// How many threads each worker has for what would hold up others: codings and passwords. There is
/// a worker for each core, and all of this is computing, so that more would only take memory:
/// some megabytes each.
const BLOCKING_THREADS: usize = 2;

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
pub fn bind(state: State) -> Result<Bound> {
    let bind_addr = state.config.bind_addr;
    let timeout = state.config.shutdown_timeout.into();
    let connections = Connections::new(&state.config);
    let stop = Stop::new(state.meter.clone());
    let server = HttpServer::new(move || app::build(state.clone()))
        .on_connect(move |connection, extensions| connections.count(connection, extensions))
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .shutdown_timeout(timeout)
        .shutdown_signal(stop.asked()?)
        .bind(bind_addr)
        .map_err(|err| Error::internal(format!("BIND_ADDR: {bind_addr}: {err}")))?;
    let address = server.addrs().first().copied().unwrap_or(bind_addr);
    Ok(Bound { server: server.run(), address, stop })
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
