//! `broadsheet demo`: fills a small newsroom and serves it, to look around in.
mod caller;
mod fill;
mod newsroom;
mod place;
mod welcome;

use crate::{
    app::State,
    cli::serve,
    config::Config,
    error::{Error, Result},
    time::Clock,
};
use newsroom::Newsroom;
pub use newsroom::PASSWORD;

/// Fills the newsroom where there is none yet, and serves it.
pub async fn demo(config: Config) -> Result<()> {
    if !config.bind_addr.ip().is_loopback() {
        return Err(Error::internal(format!(
            "BIND_ADDR: the demo's passwords are known to everyone, so it is served on your own \
             machine alone; take 127.0.0.1:{} instead of {}",
            config.bind_addr.port(),
            config.bind_addr
        )));
    }
    let newsroom = Newsroom::read()?;
    println!("The demo newsroom, in {}:", place::name(&config));
    let filled = place::prepare(&config, &newsroom).await?;
    let state = State::open(config, Clock::system())?;
    if !filled {
        println!("  nothing new: there are users already, so what is there is served as it is");
    }
    let server = serve::bind(state.clone())?;
    welcome::print(&state, &newsroom).await?;
    server.await.map_err(Error::internal)
}

/// Fills the newsroom into a database without users; returns whether it was one.
pub async fn fill(state: &State) -> Result<bool> {
    fill::fill(state, &Newsroom::read()?, |_| ()).await
}

/// The addresses worth opening: what is there, and the path for `GET /v1/page`.
pub fn addresses() -> Result<Vec<(String, String)>> {
    let addresses = Newsroom::read()?.addresses.into_iter();
    Ok(addresses.map(|address| (address.label, address.path)).collect())
}
