//! The registers with which a virtual CPU begins (AMD64 manual, volume 2, table B-4).

use super::{Monitor, Processor};
use crate::firmware::PAGE;

/// A virtual CPU's save area: one page, all zero but for what reset and the monitor set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveArea([u8; PAGE]);

/// Offsets of the fields that are not zero.
mod at {
    pub(super) const ES: usize = 0x00;
    pub(super) const CS: usize = 0x10;
    pub(super) const SS: usize = 0x20;
    pub(super) const DS: usize = 0x30;
    pub(super) const FS: usize = 0x40;
    pub(super) const GS: usize = 0x50;
    pub(super) const GDTR: usize = 0x60;
    pub(super) const LDTR: usize = 0x70;
    pub(super) const IDTR: usize = 0x80;
    pub(super) const TR: usize = 0x90;
    pub(super) const EFER: usize = 0xd0;
    pub(super) const CR4: usize = 0x148;
    pub(super) const CR0: usize = 0x158;
    pub(super) const DR7: usize = 0x160;
    pub(super) const DR6: usize = 0x168;
    pub(super) const RFLAGS: usize = 0x170;
    pub(super) const RIP: usize = 0x178;
    pub(super) const G_PAT: usize = 0x268;
    pub(super) const RDX: usize = 0x310;
    pub(super) const SEV_FEATURES: usize = 0x3b0;
    pub(super) const XCR0: usize = 0x3e8;
    pub(super) const MXCSR: usize = 0x408;
    pub(super) const X87_FCW: usize = 0x410;
}

/// What monitors set differently.
struct Reset {
    code: u16,
    stack: u16,
    task: u16,
    page_attributes: u64,
    rdx: u64,
    mxcsr: u32,
    x87_control: u16,
}

impl Reset {
    fn of(monitor: Monitor, address: u32, processor: Processor) -> Self {
        let qemu = Self {
            code: 0x9b,
            stack: 0x93,
            task: 0x8b,
            page_attributes: 0x0007_0406_0007_0406,
            rdx: processor.0.into(),
            mxcsr: 0x1f80,
            x87_control: 0x37f,
        };
        // The clouds leave the floating point unit zero, and in RDX a signature of their own.
        let cloud = Self {
            rdx: 0x600,
            mxcsr: 0,
            x87_control: 0,
            ..qemu
        };
        match monitor {
            Monitor::Qemu => qemu,
            Monitor::Ec2 => Self {
                code: if address == SaveArea::BOOT_ADDRESS { 0x9a } else { 0x9b },
                stack: 0x92,
                task: 0x83,
                ..cloud
            },
            Monitor::Gce => Self {
                page_attributes: 0x0007_0106,
                ..cloud
            },
        }
    }
}

impl SaveArea {
    /// Where the first virtual CPU begins: 16 bytes below 4 GiB.
    pub const BOOT_ADDRESS: u32 = 0xffff_fff0;

    /// The save area of a virtual CPU that begins at `address`.
    pub fn new(address: u32, processor: Processor, guest_features: u64, monitor: Monitor) -> Self {
        let reset = Reset::of(monitor, address, processor);
        let mut area = Self([0; PAGE]);
        let [low, high] = [address & 0xffff, address & 0xffff_0000];
        for place in [at::ES, at::DS, at::FS, at::GS] {
            area.segment(place, 0, 0x93, 0);
        }
        area.segment(at::CS, 0xf000, reset.code, high);
        area.segment(at::SS, 0, reset.stack, 0);
        area.segment(at::GDTR, 0, 0, 0);
        area.segment(at::LDTR, 0, 0x82, 0);
        area.segment(at::IDTR, 0, 0, 0);
        area.segment(at::TR, 0, reset.task, 0);
        area.number(at::EFER, 0x1000); // SVM enabled, by KVM
        area.number(at::CR4, 0x40); // machine checks, by KVM
        area.number(at::CR0, 0x10);
        area.number(at::DR7, 0x400);
        area.number(at::DR6, 0xffff_0ff0);
        area.number(at::RFLAGS, 2);
        area.number(at::RIP, low.into());
        area.number(at::G_PAT, reset.page_attributes);
        area.number(at::RDX, reset.rdx);
        area.number(at::SEV_FEATURES, guest_features);
        area.number(at::XCR0, 1);
        area.bytes(at::MXCSR, &reset.mxcsr.to_le_bytes());
        area.bytes(at::X87_FCW, &reset.x87_control.to_le_bytes());
        area
    }

    /// The page that is measured.
    pub fn page(&self) -> &[u8; PAGE] {
        &self.0
    }

    /// Selector, attributes, limit of 64 KiB, base.
    fn segment(&mut self, at: usize, selector: u16, attributes: u16, base: u32) {
        self.bytes(at, &selector.to_le_bytes());
        self.bytes(at + 2, &attributes.to_le_bytes());
        self.bytes(at + 4, &0xffff_u32.to_le_bytes());
        self.number(at + 8, base.into());
    }

    fn number(&mut self, at: usize, value: u64) {
        self.bytes(at, &value.to_le_bytes());
    }

    fn bytes(&mut self, at: usize, bytes: &[u8]) {
        for (to, from) in self.0.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    }
}
