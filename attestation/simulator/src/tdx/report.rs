//! The body of a quote: what the TDX module says about a trust domain.

use super::attributes;

/// One measurement register.
pub type Register = [u8; 48];

/// Version of the quote and kind of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// Version 4, 584 bytes.
    Version4,
    /// Version 5 type 2, TD 1.0, 584 bytes.
    Version5Td10,
    /// Version 5 type 3, TD 1.5, 648 bytes.
    Version5Td15,
    /// Version 5 type 4, TD 1.5 with the service domain's extension, 885 bytes.
    Version5Td15Extended,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; 4] = [
        Self::Version4,
        Self::Version5Td10,
        Self::Version5Td15,
        Self::Version5Td15Extended,
    ];

    /// The quote's version.
    pub const fn version(self) -> u16 {
        match self {
            Self::Version4 => 4,
            Self::Version5Td10 | Self::Version5Td15 | Self::Version5Td15Extended => 5,
        }
    }

    /// Bytes of the body.
    pub const fn body_size(self) -> u32 {
        match self {
            Self::Version4 | Self::Version5Td10 => 584,
            Self::Version5Td15 => 648,
            Self::Version5Td15Extended => 885,
        }
    }

    /// The type and size before the body, which version 4 does not have.
    pub(super) fn descriptor(self) -> Vec<u8> {
        let kind: u16 = match self {
            Self::Version4 => return Vec::new(),
            Self::Version5Td10 => 2,
            Self::Version5Td15 => 3,
            Self::Version5Td15Extended => 4,
        };
        [kind.to_le_bytes().as_slice(), &self.body_size().to_le_bytes()].concat()
    }
}

/// Everything of every body; a [`Layout`] writes what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TdReport {
    /// Security versions at launch: module's own, module's version, microcode, then zeros.
    pub tee_tcb_svn: [u8; 16],
    /// The TDX module.
    pub mr_seam: Register,
    /// The module's signer; zero for Intel's.
    pub mr_signer_seam: Register,
    /// The module's attributes; zero for a production module.
    pub seam_attributes: u64,
    /// See [`attributes`].
    pub td_attributes: u64,
    /// Extended features.
    pub xfam: u64,
    /// The domain's initial contents.
    pub mr_td: Register,
    /// Chosen by the host: software-defined identity.
    pub mr_config_id: Register,
    /// Chosen by the host: owner.
    pub mr_owner: Register,
    /// Chosen by the host: owner's configuration.
    pub mr_owner_config: Register,
    /// Run-time measurements 0 to 3.
    pub rt_mr: [Register; 4],
    /// What the domain asked to be signed.
    pub report_data: [u8; 64],
    /// TD 1.5: security versions now.
    pub tee_tcb_svn_2: [u8; 16],
    /// TD 1.5: the bound service domains; zero without.
    pub mr_service_td: Register,
    /// Extended: which of the partitions asked.
    pub vm_id: u8,
    /// Extended: this instance of the domain.
    pub td_id: [u8; 32],
    /// Extended: hash of the devices' information.
    pub device_information: Register,
    /// Extended: the service domains at creation.
    pub initial_service_td_hash: Register,
    /// Extended: their attributes.
    pub initial_service_td_attributes: u64,
    /// Extended: processor's security versions at creation.
    pub initial_cpu_svn: [u8; 16],
    /// Extended: module's security versions at creation.
    pub initial_tee_tcb_svn: [u8; 16],
    /// Extended: model of the platform at creation.
    pub initial_tee_fmspc: [u8; 12],
    /// Extended: the service domains now.
    pub current_service_td_hash: Register,
    /// Extended: their attributes.
    pub current_service_td_attributes: u64,
}

impl TdReport {
    /// What a well configured domain gets: no debugging, no migration, no service domain, a recent module.
    pub const fn genuine() -> Self {
        Self {
            tee_tcb_svn: RECENT_TEE_TCB,
            mr_seam: [0x5e; 48],
            mr_signer_seam: [0; 48],
            seam_attributes: 0,
            td_attributes: attributes::SEPT_VE_DISABLE,
            xfam: attributes::USUAL_XFAM,
            mr_td: [0x7d; 48],
            mr_config_id: [0; 48],
            mr_owner: [0; 48],
            mr_owner_config: [0; 48],
            rt_mr: [[0xa0; 48], [0xa1; 48], [0xa2; 48], [0; 48]],
            report_data: [0; 64],
            tee_tcb_svn_2: RECENT_TEE_TCB,
            mr_service_td: [0; 48],
            vm_id: 0,
            td_id: [0x1d; 32],
            device_information: [0; 48],
            initial_service_td_hash: [0; 48],
            initial_service_td_attributes: 0,
            initial_cpu_svn: [0; 16],
            initial_tee_tcb_svn: [0; 16],
            initial_tee_fmspc: [0; 12],
            current_service_td_hash: [0; 48],
            current_service_td_attributes: 0,
        }
    }

    /// The body in this layout, without its descriptor.
    pub fn encode(&self, layout: Layout) -> Vec<u8> {
        let mut bytes = self.base();
        match layout {
            Layout::Version4 | Layout::Version5Td10 => {}
            Layout::Version5Td15 => bytes.extend(self.current()),
            Layout::Version5Td15Extended => {
                bytes.extend(self.current());
                bytes.extend(self.extended());
            }
        }
        bytes
    }

    fn base(&self) -> Vec<u8> {
        let [rt_mr_0, rt_mr_1, rt_mr_2, rt_mr_3] = &self.rt_mr;
        [
            self.tee_tcb_svn.as_slice(),
            &self.mr_seam,
            &self.mr_signer_seam,
            &self.seam_attributes.to_le_bytes(),
            &self.td_attributes.to_le_bytes(),
            &self.xfam.to_le_bytes(),
            &self.mr_td,
            &self.mr_config_id,
            &self.mr_owner,
            &self.mr_owner_config,
            rt_mr_0,
            rt_mr_1,
            rt_mr_2,
            rt_mr_3,
            &self.report_data,
        ]
        .concat()
    }

    fn current(&self) -> Vec<u8> {
        [self.tee_tcb_svn_2.as_slice(), &self.mr_service_td].concat()
    }

    fn extended(&self) -> Vec<u8> {
        [
            [self.vm_id].as_slice(),
            &self.td_id,
            &self.device_information,
            &self.initial_service_td_hash,
            &self.initial_service_td_attributes.to_le_bytes(),
            &self.initial_cpu_svn,
            &self.initial_tee_tcb_svn,
            &self.initial_tee_fmspc,
            &self.current_service_td_hash,
            &self.current_service_td_attributes.to_le_bytes(),
        ]
        .concat()
    }
}

/// Module's own version, module's version number, microcode.
const RECENT_TEE_TCB: [u8; 16] = [6, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_has_the_size_that_its_type_says() {
        for layout in Layout::ALL {
            let size = u32::try_from(TdReport::genuine().encode(layout).len());
            assert_eq!(size, Ok(layout.body_size()));
        }
    }
}
