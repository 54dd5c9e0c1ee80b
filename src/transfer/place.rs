//! Where something is put together: beside its place, and moved there once it is complete.
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File},
    io,
    path::{Path, PathBuf},
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

/// Makes a folder that nobody else can look into: there will be hashes of passwords in it.
pub fn make_private(folder: &Path) -> io::Result<()> {
    let mut private = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
    private.create(folder)
}

/// Moves what is complete, and on the disk, to its place; the move is on the disk as well then.
pub fn settle(partial: &Path, path: &Path) -> Result<()> {
    must_be_free(path)?;
    fs::rename(partial, path).map_err(|err| at(path, &err))?;
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync(Path::new(".")),
        Some(parent) => sync(parent),
        None => Ok(()),
    }
}

/// Has the file or folder written to the disk.
pub fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|err| at(path, &err))
}
