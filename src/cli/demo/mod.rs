//! `broadsheet demo`: fills a small newsroom and serves it, to look around in.
mod caller;
mod fill;
mod newsroom;
mod place;
mod press;
mod welcome;

use clap::Args;

use crate::{
    app::State,
    cli::serve,
    config::Config,
    error::{Error, Result},
    time::Clock,
};
use newsroom::Newsroom;
pub use newsroom::PASSWORD;
pub use press::{LARGEST, SMALLEST};

/// How much to fill, and whether to serve it.
#[derive(Args)]
pub struct DemoOptions {
    /// Generate so many published articles on top, to see the newsroom at its later size.
    ///
    /// They are spread over sections of very different sizes and over eight years, always the
    /// same ones. A million takes minutes, and about 20 GB.
    #[arg(long, value_name = "N", default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(..=10_000_000))]
    articles: u64,
    /// Fill the newsroom without serving it.
    #[arg(long)]
    fill_only: bool,
}

/// Fills the newsroom where there is none yet, and serves it.
pub async fn demo(config: Config, options: DemoOptions) -> Result<()> {
    if !options.fill_only && !config.bind_addr.ip().is_loopback() {
        return Err(Error::internal(format!(
            "BIND_ADDR: the demo's passwords are known to everyone, so it is served on your own \
             machine alone; take 127.0.0.1:{} instead of {}",
            config.bind_addr.port(),
            config.bind_addr
        )));
    }
    let newsroom = Newsroom::read()?;
    println!("The demo newsroom, in {}:", place::name(&config));
    let filled = place::prepare(&config, &newsroom, options.articles).await?;
    if !filled {
        println!("  nothing new: there are users already, so what is there stays as it is");
    }
    if options.fill_only {
        println!("`broadsheet demo` serves it, and says who can sign in.");
        return Ok(());
    }
    let state = State::open(config, Clock::system())?;
    let bound = serve::bind(state.clone())?;
    welcome::print(&state, &newsroom, bound.address).await?;
    serve::run(bound, &state).await
}

/// Fills the newsroom into a database without users; returns whether it was one.
pub async fn fill(state: &State) -> Result<bool> {
    fill::fill(state, &Newsroom::read()?, |_| ()).await
}

/// Generates so many published articles in a demo newsroom that is filled already. Tells line by
/// line how far it is.
pub async fn generate(state: &State, articles: u64, say: impl Fn(&str)) -> Result<()> {
    press::print(state, articles, say).await
}

/// The addresses worth opening: what is there, and the path for `GET /v1/page`.
pub fn addresses() -> Result<Vec<(String, String)>> {
    let addresses = Newsroom::read()?.addresses.into_iter();
    Ok(addresses.map(|address| (address.label, address.path)).collect())
}
