//! Files with secrets are their owner's alone.

use std::{fs::File, os::unix::fs::PermissionsExt, path::Path};

use super::WalletError;

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Checks that nobody but its owner can read or change an open file that holds a secret: a keystore, a passphrase, a
/// configuration with a key in the clear. Pipes and terminals, which are nobody's later, are passed over.
///
/// # Errors
/// [`WalletError::ReadableByOthers`], whose words say which `chmod` mends it.
pub fn require_private(file: &File, path: &Path) -> Result<(), WalletError> {
    let unreadable = |source| WalletError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let metadata = file.metadata().map_err(unreadable)?;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & OTHERS != 0 {
        return Err(WalletError::ReadableByOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_secret_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "hunter2").unwrap();
        for (mode, private) in [
            (0o600, true),
            (0o400, true),
            (0o640, false),
            (0o604, false),
            (0o620, false),
        ] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let checked = require_private(&File::open(&path).unwrap(), &path);
            assert_eq!(checked.is_ok(), private, "{mode:o}");
            if let Err(refusal) = checked {
                let command = format!("run `chmod 600 {}`", path.display());
                assert!(refusal.to_string().ends_with(&command), "{refusal}");
            }
        }
    }
}
