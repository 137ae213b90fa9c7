//! AWS Nitro Enclaves: the registers of an enclave image file (EIF), or of the parts that make one.
//!
//! `x` below is a concatenation of bytes; `extended(x) = SHA-384(48 zero bytes || SHA-384(x))`.
//!
//! | register | value |
//! |---|---|
//! | PCR0 | extended(kernel, command line, every ramdisk) |
//! | PCR1 | extended(kernel, command line, first ramdisk) |
//! | PCR2 | extended(every ramdisk but the first) |
//! | PCR3 | SHA-384(48 zero bytes, ARN of the parent instance's role): not hashed first |
//! | PCR4 | SHA-384(48 zero bytes, id of the parent instance): not hashed first |
//! | PCR8 | extended(certificate that signed the image, DER); zero for an unsigned image |
//!
//! Headers, the metadata section and the order of anything else are in no register. Nor is where a part ends: AWS joins
//! them without their lengths. A file whose kernel ends with the first words of the command line has the same PCR0 and PCR1,
//! and boots without these words: nothing that security rests on may stand there.

mod header;
mod image;
mod signature;

pub use image::{Image, ImageError, MAXIMUM_SECTIONS};
pub use signature::{MAXIMUM_SIGNATURE, SignatureError};

use crate::{Input, Register};
use ring::digest::{Context, SHA384};

/// What a Nitro enclave is made of, and all that PCR0, PCR1, PCR2 and PCR8 depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The kernel, a bzImage.
    pub kernel: &'a [u8],
    /// The command line, without a terminator.
    pub command_line: &'a [u8],
    /// The ramdisks in order. The first is the boot ramdisk, which PCR1 counts to the kernel.
    pub ramdisks: Vec<&'a [u8]>,
    /// The certificate (DER) whose key signed the image.
    pub signing_certificate: Option<Vec<u8>>,
}

/// The registers that identify an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Registers {
    /// Kernel, command line and every ramdisk.
    pub pcr0: Register,
    /// Kernel, command line and first ramdisk: the same for every image that nitro-cli builds with its stock kernel.
    pub pcr1: Register,
    /// Every ramdisk but the first.
    pub pcr2: Register,
    /// The signer; zero when nobody signed.
    pub pcr8: Register,
}

/// The registers of an enclave made of `parts`.
///
/// ```
/// use orv_measure::nitro::{Parts, measure};
///
/// let parts = Parts { kernel: b"kernel", command_line: b"quiet", ramdisks: vec![b"ramdisk"], signing_certificate: None };
/// let registers = measure(&parts);
/// assert_eq!(registers.pcr0, registers.pcr1, "with one ramdisk both cover everything");
/// assert!(registers.pcr8.is_zero());
/// ```
pub fn measure(parts: &Parts<'_>) -> Registers {
    let mut everything = Context::new(&SHA384);
    everything.update(parts.kernel);
    everything.update(parts.command_line);
    let mut boot = everything.clone();
    let mut application = Context::new(&SHA384);
    for (index, ramdisk) in parts.ramdisks.iter().enumerate() {
        everything.update(ramdisk);
        match index {
            0 => boot.update(ramdisk),
            _ => application.update(ramdisk),
        }
    }
    let extended = |context| Register::ZERO.extended_by(&Register::finish(context).0);
    Registers {
        pcr0: extended(everything),
        pcr1: extended(boot),
        pcr2: extended(application),
        pcr8: match &parts.signing_certificate {
            Some(certificate) => pcr8(certificate),
            None => Register::ZERO,
        },
    }
}

/// PCR3 of an enclave whose parent instance has the role `role_arn`.
pub fn pcr3(role_arn: &str) -> Register {
    Register::ZERO.extended_by(role_arn.as_bytes())
}

/// PCR4 of an enclave on the parent instance `instance_id`, such as `i-0827e799ec9232d44`.
pub fn pcr4(instance_id: &str) -> Register {
    Register::ZERO.extended_by(instance_id.as_bytes())
}

/// PCR8 of an enclave whose image was signed under `certificate` (DER).
pub fn pcr8(certificate: &[u8]) -> Register {
    Register::ZERO.extended_by(&Register::digest([certificate]).0)
}

impl Parts<'_> {
    /// What the registers are computed from, in the order in which it is hashed.
    pub fn inputs(&self) -> Vec<Input> {
        let mut inputs = vec![
            Input::bytes("kernel", self.kernel),
            Input::bytes("command line", self.command_line),
        ];
        for (index, ramdisk) in self.ramdisks.iter().enumerate() {
            inputs.push(Input::bytes(format!("ramdisk {index}"), ramdisk));
        }
        if let Some(certificate) = &self.signing_certificate {
            inputs.push(Input::bytes("signing certificate", certificate));
            let words = "not checked here; the hypervisor starts no image whose signature is wrong";
            inputs.push(Input::assumed("signature", words));
        }
        inputs
    }
}
