//! Where something is put together: beside its place, and moved there once it is complete.
use std::{
    ffi::OsString,
    fs::{self, File},
    future::poll_fn,
    io,
    path::{Path, PathBuf},
    process,
    task::Poll,
    thread,
};

use crate::error::{Error, Result};

/// An error of the file system, with the path that it is about.
pub fn at(path: &Path, err: &io::Error) -> Error {
    Error::internal(format!("{}: {err}", path.display()))
}

/// The path beside `path` at which it is put together.
pub fn partial(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".partial");
    name.into()
}

/// Refuses a path that is taken.
pub fn must_be_free(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(Error::internal(format!(
            "{} is there already and is not overwritten",
            path.display()
        ))),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(err) => Err(at(path, &err)),
    }
}

/// A file or folder that is being put together. Whenever that ends before it is complete, it is
/// taken away: when this is dropped, and when the program is told to end by SIGINT or SIGTERM. Not
/// when it is killed, so whoever begins with one has to expect something to be there.
pub struct Partial(PathBuf);

impl Partial {
    /// What is at this path already, and nobody else's.
    pub fn new(path: PathBuf) -> Result<Self> {
        #[cfg(unix)]
        take_away_when_told_to_end(&path).map_err(Error::internal)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Moves what is complete, and on the disk, to its place; the move is on the disk as well then.
    pub fn settle(self, path: &Path) -> Result<()> {
        must_be_free(path)?;
        fs::rename(&self.0, path).map_err(|err| at(path, &err))?;
        match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => sync(Path::new(".")),
            Some(parent) => sync(parent),
            None => Ok(()),
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        take_away(&self.0);
    }
}

/// Ends the program once it is told to, as it would end by itself, but takes this away before.
#[cfg(unix)]
fn take_away_when_told_to_end(path: &Path) -> io::Result<()> {
    use tokio::{
        runtime::Builder,
        signal::unix::{SignalKind, signal},
    };
    let path = path.to_owned();
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let inside = runtime.enter();
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    drop(inside);
    thread::Builder::new().name("interrupted".to_owned()).spawn(move || {
        // What a shell says of a program that such a signal has ended.
        let code = runtime.block_on(poll_fn(|waker| {
            if interrupt.poll_recv(waker).is_ready() {
                Poll::Ready(130)
            } else {
                terminate.poll_recv(waker).map(|_| 143)
            }
        }));
        take_away(&path);
        process::exit(code);
    })?;
    Ok(())
}

/// Takes away the file or folder, if it is there.
fn take_away(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(err) if err.kind() != io::ErrorKind::NotFound => {
            tracing::warn!("{} is not complete, and is left there: {err}", path.display());
        }
        _ => {}
    }
}

/// Has the file or folder written to the disk.
pub fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|err| at(path, &err))
}
