//! Files with secrets are their owner's alone.

use std::{
    fs::File,
    os::unix::fs::PermissionsExt,
    path::{Component, Path},
};

use super::WalletError;

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Where systemd hands a service its credentials, to nobody else (systemd.exec(5), `LoadCredential=`). The service's user
/// may read one by an access list, and the mask of such a list shows as the group's bits.
const CREDENTIALS: &str = "/run/credentials";

/// What the mask of a credential's access list shows.
const MASK: u32 = 0o040;

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
    if metadata.is_file() && mode & forbidden(path) != 0 {
        return Err(WalletError::ReadableByOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// The permission bits that a secret at this path must not have.
fn forbidden(path: &Path) -> u32 {
    let climbs = path.components().any(|part| part == Component::ParentDir);
    if path.starts_with(CREDENTIALS) && !climbs {
        OTHERS & !MASK
    } else {
        OTHERS
    }
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

    #[test]
    fn a_credential_of_systemd_may_show_the_mask_of_its_access_list() {
        let of = |path: &str| forbidden(Path::new(path));
        assert_eq!(of("/run/credentials/orv-verifier.service/passphrase"), 0o037);
        assert_eq!(of("/run/credentials/../secrets/passphrase"), 0o077);
        assert_eq!(of("/etc/orv/passphrase"), 0o077);
    }
}
