//! The register that the secure processor extends by every page (SEV-SNP firmware ABI, 8.17).

use super::SaveArea;
use crate::Register;
use crate::firmware::PAGE;

/// Length of PAGE_INFO, the record that is hashed for each page.
const PAGE_INFO: u16 = 0x70;
/// Where the registers of a virtual CPU are said to lie: all bits that a page address can have.
const SAVE_AREA_ADDRESS: u64 = 0xffff_ffff_f000;

/// What a page holds, as the secure processor is told.
#[derive(Clone, Copy)]
enum PageType {
    Normal = 1,
    SaveArea = 2,
    Zero = 3,
    Unmeasured = 4,
    Secrets = 5,
    Cpuid = 6,
}

/// A launch digest in the making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaunchDigest(Register);

impl LaunchDigest {
    /// Begins where an earlier digest ended: zero, or what the firmware's pages made of it.
    pub fn starting_from(register: Register) -> Self {
        Self(register)
    }

    /// The digest so far.
    pub fn register(&self) -> Register {
        self.0
    }

    /// Pages of content from `address` on. What is behind the last whole page is left out: callers give whole pages.
    pub(super) fn add_pages(&mut self, address: u64, bytes: &[u8]) {
        let (pages, _) = bytes.as_chunks::<PAGE>();
        for (page, address) in pages.iter().zip(addresses(address)) {
            self.add(PageType::Normal, address, Register::digest([page.as_slice()]));
        }
    }

    pub(super) fn add_page(&mut self, address: u32, page: &[u8; PAGE]) {
        self.add_pages(address.into(), page);
    }

    /// The first registers of `count` virtual CPUs that begin alike.
    pub(super) fn add_save_areas(&mut self, save_area: &SaveArea, count: u16) {
        let contents = Register::digest([save_area.page().as_slice()]);
        (0..count).for_each(|_| self.add(PageType::SaveArea, SAVE_AREA_ADDRESS, contents));
    }

    pub(super) fn add_zeros(&mut self, address: u32, length: u32) {
        self.add_contentless(PageType::Zero, address, length);
    }

    pub(super) fn add_unmeasured(&mut self, address: u32, length: u32) {
        self.add_contentless(PageType::Unmeasured, address, length);
    }

    pub(super) fn add_secrets(&mut self, address: u32) {
        self.add(PageType::Secrets, address.into(), Register::ZERO);
    }

    pub(super) fn add_cpuid(&mut self, address: u32) {
        self.add(PageType::Cpuid, address.into(), Register::ZERO);
    }

    fn add_contentless(&mut self, page_type: PageType, address: u32, length: u32) {
        let pages = length as usize / PAGE;
        for address in addresses(address.into()).take(pages) {
            self.add(page_type, address, Register::ZERO);
        }
    }

    fn add(&mut self, page_type: PageType, address: u64, contents: Register) {
        // No intermediate image; no permissions for VMPL 3, 2 and 1; reserved.
        let flags = [page_type as u8, 0, 0, 0, 0, 0];
        self.0 = Register::digest([
            self.0.0.as_slice(),
            &contents.0,
            &PAGE_INFO.to_le_bytes(),
            &flags,
            &address.to_le_bytes(),
        ]);
    }
}

/// The addresses of pages that lie one after another.
fn addresses(first: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(first), |address| address.checked_add(PAGE as u64))
}
