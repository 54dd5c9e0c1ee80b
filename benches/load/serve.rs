//! What the child process does: serves the app as `broadsheet serve` does, and the yardsticks.
use std::{io, thread};

use actix_web::rt::{self, System};
use broadsheet::{app::State, cli::serve, config::Config, time::Clock};

use super::yardsticks;

/// The first argument of the child's command line; settings and the yardsticks' address follow.
pub const COMMAND: &str = "serve-for-the-load";
/// The name under which the yardsticks' address is given, beside the settings.
pub const YARDSTICKS: &str = "YARDSTICKS";

/// Serves until the parent goes.
pub fn run(arguments: &[String]) {
    thread::spawn(|| {
        // The parent holds the other end, and never writes.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    let setting = |name: &str| {
        let set = arguments.iter().filter_map(|argument| argument.split_once('='));
        set.filter(|(set, _)| *set == name).map(|(_, value)| value.to_owned()).next()
    };
    let config = Config::read(setting).expect("the settings are valid");
    let yardsticks = setting(YARDSTICKS).expect("an address for the yardsticks");
    System::new().block_on(async {
        let url = config.database_url.clone();
        let state = State::open(config, Clock::system()).unwrap();
        let app = serve::bind(state.clone()).unwrap();
        let yardsticks = yardsticks::bind(&yardsticks, &url);
        let yardsticks = rt::spawn(yardsticks);
        serve::run(app, &state).await.unwrap();
        yardsticks.await.unwrap().unwrap();
    });
}
