//! The command line: one file a command.
mod backup;
pub mod demo;
mod export;
mod import;
mod log;
mod migrate;
mod openapi;
pub mod serve;
mod stop;
mod user;

use std::{error::Error as _, fmt, future::Future, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    config::{self, Config, ConfigError},
    error::{Error, Result},
};

/// A headless news CMS: a JSON API for newsrooms and their readers, in one program.
///
/// Settings come from the environment and from a file named .env in the working directory;
/// .env.example explains each. Without any, the content is kept in broadsheet.db, right here.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fill a small newsroom to look around in, and serve it on this machine alone.
    ///
    /// Prints the addresses to open and everyone's password. Where there are users already,
    /// nothing is filled, and what is there is served.
    Demo(demo::DemoOptions),
    /// Serve the API. Makes the database if there is none and brings it up to date.
    Serve,
    /// Bring the database up to date without serving.
    ///
    /// All that is missing is applied, or, if that is interrupted, none of it. Can be run as often
    /// as one likes, and by several machines at once.
    Migrate(migrate::MigrateOptions),
    /// Copy the SQLite file while servers go on writing to it.
    ///
    /// The copy is what the database holds at one instant. It is checked, and on the disk, before
    /// it appears in its place; it can be served as it is. With --keep it goes into a folder of
    /// backups, of which the oldest are removed.
    Backup(backup::BackupOptions),
    /// Write the whole newsroom as files that either database can take in.
    ///
    /// One file of JSON lines for each table and a manifest with their checksums, all of one
    /// instant; servers go on writing meanwhile. Sign-ins and answers kept for retries stay
    /// behind. Hashes of passwords are in it: keep it as safe as the database.
    Export(export::ExportOptions),
    /// Take an export into an empty database, SQLite or PostgreSQL.
    ///
    /// First every row is held against the rules that the API keeps; what breaks one is named by
    /// file and line, and nothing is taken in. Interrupted and started again, it goes on where it
    /// was. At the end everything is read back and compared with the manifest; until then the
    /// database is not served.
    Import(import::ImportOptions),
    /// Add, list and change the users of the newsroom.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Print the OpenAPI document.
    Openapi,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // For the log; what is wrong with the file is said by the commands that need settings.
    let _ = config::load_file();
    let done = config::log_format().map_err(Failure::from).and_then(|format| {
        log::start(format);
        run(cli.command)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("broadsheet: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    for (name, meant) in config::misspelt() {
        tracing::warn!("{name} in the environment is no setting; did you mean {meant}?");
    }
    match command {
        Command::Openapi => Ok(openapi::print()?),
        Command::Demo(options) => wait(demo::demo(Config::from_env()?, options)),
        Command::Serve => wait(serve::serve(Config::from_env()?)),
        Command::Migrate(options) => Ok(migrate::migrate(&Config::from_env()?, &options)?),
        Command::Backup(options) => Ok(backup::backup(&Config::from_env()?, &options)?),
        Command::Export(options) => Ok(export::export(&Config::from_env()?, &options)?),
        Command::Import(options) => Ok(import::import(&Config::from_env()?, &options)?),
        Command::User(command) => wait(user::run(command, Config::from_env()?)),
    }
}

fn wait(work: impl Future<Output = Result<()>>) -> Result<(), Failure> {
    Ok(actix_web::rt::System::new().block_on(work)?)
}

/// Why a command failed, as whoever typed it should read it.
enum Failure {
    Config(ConfigError),
    Other(Error),
}

impl From<ConfigError> for Failure {
    fn from(err: ConfigError) -> Self {
        Self::Config(err)
    }
}

impl From<Error> for Failure {
    fn from(err: Error) -> Self {
        Self::Other(err)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(err) => err.fmt(f),
            Self::Other(Error::Unavailable(source)) => {
                write!(f, "DATABASE_URL: the database cannot be reached: {source}")
            }
            Self::Other(Error::Invalid(errors)) => {
                let lines = errors.iter().map(|error| {
                    let at = error.pointer.as_deref().unwrap_or_default();
                    format!("{} {}", at.trim_start_matches('/'), error.detail)
                });
                f.write_str(&lines.collect::<Vec<_>>().join("; "))
            }
            // At the command line our own faults are the reader's business.
            Self::Other(err) => match err.source() {
                Some(source) => write!(f, "{source}"),
                None => err.fmt(f),
            },
        }
    }
}
