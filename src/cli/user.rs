//! `broadsheet user`: users at the command line.
use std::io::{self, BufRead, IsTerminal};

use clap::{Args, Subcommand};

use crate::{
    auth::{model::fold_email, passwords, roles::Role},
    config::Config,
    db::{Actor, Context, Db},
    error::{Error, Result},
    http::query::Limit,
    text,
    time::Clock,
    users::{
        first, manage,
        model::{UserFilter, UserInput},
        queries,
    },
};

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a user. The password is read from the terminal or from standard input. Makes the
    /// database if there is none; the other commands do not.
    Add(NewUser),
    /// List all users.
    List,
    /// Set a user's password, read from the terminal or from standard input.
    Password {
        /// Whose.
        email: String,
    },
    /// Keep a user from signing in, at once.
    Deactivate {
        /// Whom.
        email: String,
    },
}

#[derive(Args)]
pub struct NewUser {
    /// The email to sign in with.
    email: String,
    /// The name, as readers see an author's.
    #[arg(long)]
    name: String,
    #[arg(
        long = "role",
        value_name = "ROLE",
        required = true,
        help = "admin, editor, author, moderator or ad_manager; repeat it for several"
    )]
    roles: Vec<Role>,
}

/// Does what the command says.
pub async fn run(command: UserCommand, config: Config) -> Result<()> {
    let db = match &command {
        UserCommand::Add(_) => Db::open(&config)?,
        UserCommand::List | UserCommand::Password { .. } | UserCommand::Deactivate { .. } => {
            Db::open_existing(&config)?
        }
    };
    let now = Clock::system().now();
    match command {
        UserCommand::Add(NewUser { email, name, roles }) => {
            let password = Some(password()?);
            // As the API keeps all texts.
            let [email, name] = [email, name].map(text::kept);
            let input =
                UserInput { email, name, roles, sections: Vec::new(), active: true, password };
            let user = first::add_user(&db, input, now).await?;
            println!("added {} ({})", user.email, user.id);
        }
        UserCommand::List => list(&db).await?,
        UserCommand::Password { email } => {
            let password = password()?;
            let length = password.chars().count() as u64;
            if !(passwords::MIN..=passwords::MAX).contains(&length) {
                return Err(Error::invalid(
                    "/password",
                    "length",
                    "must have 12 to 128 characters",
                ));
            }
            let hash = passwords::hash(password, [&email, ""], "/password").await?;
            change(&db, &email, move |_| (), Some(hash)).await?;
            println!("changed the password of {email}; their sign-ins have ended");
        }
        UserCommand::Deactivate { email } => {
            change(&db, &email, |input| input.active = false, None).await?;
            println!("deactivated {email}; their sign-ins have ended");
        }
    }
    Ok(())
}

async fn list(db: &Db) -> Result<()> {
    let mut after = None;
    loop {
        let filter =
            UserFilter { active: None, total: false, limit: Limit::default(), cursor: None };
        let from = after.take();
        let mut rows = db.read(move |conn| queries::page(conn, &filter, from)).await?.rows;
        let more = rows.len() > 20;
        rows.truncate(20);
        for user in &rows {
            let roles: Vec<&str> = user.roles.0.iter().map(|role| role.as_str()).collect();
            let state = if user.active { "active" } else { "inactive" };
            println!("{}\t{}\t{}\t{state}", user.email, user.name, roles.join(","));
        }
        match rows.pop() {
            Some(last) if more => after = Some(last.email),
            _ => return Ok(()),
        }
    }
}

async fn change(
    db: &Db,
    email: &str,
    change: impl FnOnce(&mut UserInput) + Clone + Send + 'static,
    hash: Option<String>,
) -> Result<()> {
    let email = fold_email(email);
    let now = Clock::system().now();
    let by = Context { actor: Actor::Cli, now, request_id: String::new() };
    db.write(by, move |tx| {
        let id = queries::find_by_email(tx, &email)?.id;
        manage::hold(tx, id)?;
        let user = queries::find(tx, id)?;
        let mut input = user.input();
        change(&mut input);
        manage::store(tx, &user, input, hash).map(drop)
    })
    .await
}

/// One line of standard input; asked for when a person sits there.
fn password() -> Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ").map_err(Error::internal);
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
