//! How fast one may guess: waits that grow with every failure and are never a lock.
//!
//! What is promised:
//! - From one address, guesses come ever more slowly: at one account, and at all of them together.
//! - At an address that a user has signed in from, nobody elsewhere can make them wait at all.
//! - At any other address, whatever others do at other addresses costs a user one short wait
//!   before each try, and no more: that wait is their address's own, so that hammering at the
//!   account from many places cannot make it begin again.
//! - Codes of the second factor are few, and whoever guesses them has the password: at addresses
//!   that the user has not signed in from, those waits are the account's as a whole.
//! - A try counts as a failure until it has succeeded, so many at once are no way around.
//! - An account that does not exist is treated like one that does.
//! - Waits are kept in the database: all servers share them, and a restart does not forget them.
//! - Neither addresses nor emails are kept, only digests under a key made of the signing secret.
mod model;
mod queries;

use super::tokens::Keys;
use crate::{
    db::{Conn, Context, Db, Tx},
    error::{Error, RateLimit, Result},
    http::address::Address,
    ids::{AnyId, SessionId, UserId},
    time::Instant,
};
use model::{KNOWN, LONGEST, Memory, Pace};

/// One address, at whichever accounts: many people may sit behind it.
const ADDRESS: Pace = Pace { free: 20, longest: LONGEST };
/// One account at one address, or one sign-in whose password is asked for again.
const OWN: Pace = Pace { free: 10, longest: LONGEST };
/// One account, at addresses that it has not been signed in to from.
const ACCOUNT: Pace = Pace { free: 20, longest: 30 };

/// A try to prove who one is: counts as a failure until it has succeeded.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Whoever tries, as narrowly as can be told: at this account from this address.
    own: AnyId,
    /// Where the strangers at the account, and those at the address, are counted together.
    crowd: Option<Crowd>,
    /// Whether the user has signed in from this address before.
    pub is_known: bool,
}

#[derive(Debug, Clone, Copy)]
struct Crowd {
    address: AnyId,
    account: AnyId,
}

/// Whether a try can be made now.
enum Turn {
    Free {
        is_known: bool,
    },
    /// Not before so many seconds have passed.
    Wait(i64),
    /// Nor now that they are first heard of, at an account under attack: they begin to wait.
    Announced(i64),
}

impl Attempt {
    /// A try to sign in.
    pub async fn to_sign_in(
        db: &Db,
        keys: &Keys,
        by: Context,
        email: &str,
        from: Address,
    ) -> Result<Self> {
        let party = from.party().to_string();
        let attempt = Self {
            own: keys.pseudonym(&["pair", email, &party]),
            crowd: Some(Crowd {
                address: keys.pseudonym(&["address", &party]),
                account: keys.pseudonym(&["account", email]),
            }),
            is_known: false,
        };
        attempt.begin(db, by).await
    }

    /// A try of a code of the second factor, by somebody who knows the password. Not by address,
    /// since a million codes are few for somebody with many addresses; users at addresses that
    /// they have signed in from need no such try.
    pub async fn of_code(db: &Db, keys: &Keys, by: Context, user: UserId) -> Result<Self> {
        let own = keys.pseudonym(&["code", &user.to_string()]);
        Self { own, crowd: None, is_known: false }.begin(db, by).await
    }

    /// A try of the caller's own password or code, in a sign-in that runs already.
    pub async fn of_check(
        db: &Db,
        keys: &Keys,
        by: impl Into<Context>,
        session: SessionId,
    ) -> Result<Self> {
        let own = keys.pseudonym(&["check", &session.to_string()]);
        Self { own, crowd: None, is_known: false }.begin(db, by.into()).await
    }

    async fn begin(self, db: &Db, by: Context) -> Result<Self> {
        let (now, seen) = (by.now, self.clone());
        // Whoever has to wait costs no transaction.
        let begun = match db.read(move |conn| seen.turn(conn, now)).await? {
            Turn::Wait(seconds) => Err(seconds),
            _ => db.write(by, move |tx| self.count(tx)).await?,
        };
        begun.or_else(|seconds| {
            let retry_after = u32::try_from(seconds).map_err(Error::internal)?;
            Err(Error::TooManyRequests { retry_after, limit: RateLimit::Guesses })
        })
    }

    fn turn(&self, conn: &mut Conn, now: Instant) -> Result<Turn> {
        let own = queries::find(conn, self.own, now)?;
        let is_known = own.as_ref().is_some_and(|own| own.is_known(now));
        let mut wait = own.as_ref().map_or(0, |own| own.wait(now));
        if let Some(crowd) = self.crowd.filter(|_| !is_known) {
            let address = queries::find(conn, crowd.address, now)?;
            wait = wait.max(address.map_or(0, |address| address.wait(now)));
            let account = queries::find(conn, crowd.account, now)?;
            let due = account.map_or(0, |account| ACCOUNT.wait(account.failures(now)));
            if wait == 0 && own.is_none() && due > 0 {
                return Ok(Turn::Announced(due));
            }
        }
        Ok(if wait == 0 { Turn::Free { is_known } } else { Turn::Wait(wait) })
    }

    /// Counts the try, or answers for how many seconds there can be none.
    fn count(mut self, tx: &mut Tx<'_>) -> Result<Result<Self, i64>> {
        tx.nothing_to_record("people mistype now and then");
        self.lock(tx)?;
        let now = tx.now();
        queries::clear(tx, now)?;
        match self.turn(tx, now)? {
            Turn::Wait(seconds) => return Ok(Err(seconds)),
            Turn::Announced(seconds) => {
                change(tx, self.own, |own| own.hold(now, seconds))?;
                return Ok(Err(seconds));
            }
            Turn::Free { is_known } => self.is_known = is_known,
        }
        let failed = |pace: Pace| {
            move |memory: &mut Memory| {
                memory.count(now);
                memory.hold(now, pace.wait(memory.failures(now)));
            }
        };
        change(tx, self.own, failed(OWN))?;
        if let Some(crowd) = self.strangers() {
            change(tx, crowd.address, failed(ADDRESS))?;
            let account = change(tx, crowd.account, |account| account.count(now))?;
            change(tx, self.own, |own| own.hold(now, ACCOUNT.wait(account.failures(now))))?;
        }
        Ok(Ok(self))
    }

    /// None where the user is known at the address: they are not counted with others there.
    fn strangers(&self) -> Option<Crowd> {
        self.crowd.filter(|_| !self.is_known)
    }

    /// It was no failure. The user is known at the address from now on.
    pub fn succeeded(&self, tx: &mut Tx<'_>) -> Result<()> {
        self.take_back(tx)?;
        let (now, crowd) = (tx.now(), self.crowd);
        change(tx, self.own, |own| {
            *own = Memory::blank(own.key, now);
            if crowd.is_some() {
                own.know(now.plus_seconds(KNOWN));
            }
        })
        .map(drop)
    }

    /// It was neither a failure nor a success. A wait that it began goes on, since another
    /// failure may have begun the same one.
    pub fn take_back(&self, tx: &mut Tx<'_>) -> Result<()> {
        self.lock(tx)?;
        let now = tx.now();
        let crowd = self.strangers().map(|crowd| [crowd.address, crowd.account]);
        for key in crowd.into_iter().flatten().chain([self.own]) {
            change(tx, key, |memory| memory.discount(now))?;
        }
        Ok(())
    }

    /// Always in the same order, so that no two wait for each other.
    fn lock(&self, tx: &mut Tx<'_>) -> Result<()> {
        match self.crowd {
            Some(Crowd { address, account }) => {
                tx.lock(address)?;
                tx.lock(account)
            }
            None => tx.lock(self.own),
        }
    }
}

/// Changes what is remembered under a key. The caller holds the key's lock.
fn change(tx: &mut Tx<'_>, key: AnyId, how: impl FnOnce(&mut Memory)) -> Result<Memory> {
    let now = tx.now();
    let mut memory = queries::find(tx, key, now)?.unwrap_or_else(|| Memory::blank(key, now));
    how(&mut memory);
    queries::store(tx, &memory)?;
    Ok(memory)
}
