//! The kernel's device, through the `sev` crate (DESIGN 5.13).

use std::io;

use sev::firmware::guest::{DerivedKey, Firmware, GuestFieldSelect};
use zeroize::Zeroizing;

use super::{LaunchKey, SecureProcessor, WrapError};

/// The message's first version: the second only adds a launch mitigation vector, which is not mixed in.
const MESSAGE_VERSION: u32 = 1;

/// The secure processor behind `/dev/sev-guest`.
#[derive(Debug)]
pub struct Device(Firmware);

impl Device {
    /// Opens the device, [`super::DEVICE`].
    ///
    /// # Errors
    /// [`WrapError::NoDevice`] where there is none: no SEV-SNP guest, or a cloud that keeps it behind a paravisor.
    pub fn open() -> Result<Self, WrapError> {
        match Firmware::open() {
            Ok(firmware) => Ok(Self(firmware)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(WrapError::NoDevice),
            Err(cause) => Err(WrapError::Processor(cause.into())),
        }
    }
}

impl SecureProcessor for Device {
    fn derive(&mut self, key: LaunchKey) -> Result<Zeroizing<[u8; 32]>, WrapError> {
        // False selects the chip's endorsement key. No guest SVN is mixed in, so none is asked for.
        let request = DerivedKey::new(
            false,
            GuestFieldSelect(LaunchKey::FIELDS),
            key.level.into(),
            0,
            key.tcb,
            None,
        );
        self.0
            .get_derived_key(Some(MESSAGE_VERSION), request)
            .map(Zeroizing::new)
            .map_err(|cause| WrapError::Processor(cause.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_the_processor_says_so() {
        // On an SEV-SNP guest there is nothing to see here.
        if !std::path::Path::new(crate::wrapping::DEVICE).exists() {
            assert!(matches!(Device::open(), Err(WrapError::NoDevice)));
        }
    }

    #[test]
    fn the_fields_mixed_in_are_policy_measurement_and_tcb() {
        let fields = GuestFieldSelect(LaunchKey::FIELDS);
        assert_eq!(
            [
                fields.get_guest_policy(),
                fields.get_measurement(),
                fields.get_tcb_version()
            ],
            [true; 3]
        );
        assert_eq!(
            [fields.get_image_id(), fields.get_family_id(), fields.get_svn()],
            [false; 3]
        );
    }
}
