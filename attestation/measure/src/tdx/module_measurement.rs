//! MRTD, as the TDX module computes it.

use super::firmware::{Added, Measured};
use super::{Section, Tdvf};
use crate::Register;
use crate::firmware::PAGE;
use ring::digest::{Context, SHA384};
use serde::Serialize;

/// Bytes of content that one TDH.MR.EXTEND covers.
const CHUNK: usize = 256;
/// Length of the record in front of each.
const RECORD: usize = 128;

/// In which order a monitor adds and measures the pages of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageOrder {
    /// Each page is added and measured before the next: Linux 6.16 and later with QEMU 10.1 and later.
    PageByPage,
    /// All pages of a section are added, then all are measured: the patches to QEMU 8 of before.
    SectionBySection,
}

impl Tdvf<'_> {
    /// MRTD of a trust domain that begins with this firmware.
    pub fn mrtd(&self, order: PageOrder) -> Register {
        let mut context = Context::new(&SHA384);
        for section in &self.sections {
            match order {
                PageOrder::PageByPage => pages(section).for_each(|page| {
                    add(&mut context, section, page);
                    extend(&mut context, section, page);
                }),
                PageOrder::SectionBySection => {
                    pages(section).for_each(|page| add(&mut context, section, page));
                    pages(section).for_each(|page| extend(&mut context, section, page));
                }
            }
        }
        Register::finish(context)
    }
}

/// Offsets of the section's pages.
fn pages(section: &Section<'_>) -> impl Iterator<Item = u64> + use<> {
    (0..section.length).step_by(PAGE)
}

fn add(context: &mut Context, section: &Section<'_>, page: u64) {
    if section.pages == Added::BeforeLaunch {
        context.update(&record(b"MEM.PAGE.ADD", section.address.saturating_add(page)));
    }
}

fn extend(context: &mut Context, section: &Section<'_>, page: u64) {
    if section.content == Measured::Unmeasured {
        return;
    }
    let from = usize::try_from(page).unwrap_or(usize::MAX);
    let content = section.data.get(from..).unwrap_or_default();
    let chunks = content.chunks(CHUNK).take(PAGE / CHUNK);
    let addresses = (section.address.saturating_add(page)..).step_by(CHUNK);
    for (chunk, address) in chunks.zip(addresses) {
        context.update(&record(b"MR.EXTEND", address));
        context.update(chunk);
    }
}

/// Name of the call, zeros, and at 16 the address.
fn record(name: &[u8], address: u64) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    let address = address.to_le_bytes();
    let bytes = name.iter().chain(std::iter::repeat(&0)).take(16).chain(&address);
    for (to, from) in record.iter_mut().zip(bytes) {
        *to = *from;
    }
    record
}
