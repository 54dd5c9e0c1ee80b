//! Files and folders for their owner alone: secrets, databases, backups, exports.
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// How such a file is opened: where it is made, nobody else may read it, whatever the umask allows.
pub fn options() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes such a file, which must not be there, for writing.
pub fn create_new(path: &Path) -> io::Result<File> {
    options().write(true).create_new(true).open(path)
}

/// Makes such a folder, which must not be there.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// Keeps others from a file that is there already.
pub fn restrict(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

/// Whether everybody on this machine can read the file; a group may be meant to.
pub fn is_open(path: &Path) -> bool {
    #[cfg(unix)]
    return path
        .metadata()
        .is_ok_and(|of| std::os::unix::fs::PermissionsExt::mode(&of.permissions()) & 0o004 != 0);
    #[cfg(not(unix))]
    return false;
}

/// Tells in the log where everybody can read the file. That is not mended in silence: somebody may
/// rely on it.
pub fn warn_if_open(path: &Path) {
    if is_open(path) {
        let path = path.display();
        tracing::warn!("{path} can be read by everybody on this machine; `chmod o= {path}`");
    }
}
