//! Which protections a run has: all of them, but in a build with the feature `weakened`.

use super::Protection;
use crate::container::{FIRST_HOST_ID, PAYLOAD_ID};

/// Every protection. A build for anything but the hostile suite knows no other value, and this is nothing at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kept {
    #[cfg(feature = "weakened")]
    without: Option<Protection>,
}

#[cfg(not(feature = "weakened"))]
impl Kept {
    pub(crate) const fn has(self, _: Protection) -> bool {
        true
    }

    pub(crate) const fn without(self) -> Option<Protection> {
        None
    }
}

#[cfg(feature = "weakened")]
impl Kept {
    pub(crate) const fn all_but(protection: Protection) -> Self {
        Kept {
            without: Some(protection),
        }
    }

    pub(crate) fn has(self, protection: Protection) -> bool {
        self.without != Some(protection)
    }

    pub(crate) const fn without(self) -> Option<Protection> {
        self.without
    }

    /// All but the protection of this name; all where there is none of it.
    pub(crate) fn named(name: &str) -> Self {
        let without = Protection::all().iter().find(|protection| protection.name() == name);
        Kept {
            without: without.copied(),
        }
    }
}

impl Kept {
    /// Host id to which id 0 of the container is mapped.
    pub(crate) fn first_host_id(self) -> u32 {
        if self.has(Protection::HostIds) {
            FIRST_HOST_ID
        } else {
            0
        }
    }

    /// Host id of the payload.
    pub(crate) fn payload_host_id(self) -> u32 {
        self.first_host_id() + PAYLOAD_ID
    }
}
