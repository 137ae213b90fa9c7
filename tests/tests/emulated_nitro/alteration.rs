//! One byte more or less anywhere in the image, and it is another program to everybody.

use crate::support::boot::Size;
use crate::support::document::Document;
use crate::support::images::{Parts, Shipped, predicted};
use crate::support::machine::Machine;
use crate::support::network::{Listed, example};
use orv_chain::SendError;
use orv_evidence::Envelope;

/// Changes one byte of the first occurrence of these words.
fn change(bytes: &mut [u8], words: &str) {
    let place = bytes.windows(words.len()).position(|window| window == words.as_bytes());
    let place = place.unwrap_or_else(|| panic!("no {words:?}"));
    bytes[place + words.len() - 1] ^= 1;
}

/// The kernel's release in its header, which only people read: where it stands is in the header itself (Linux boot
/// protocol, `kernel_version`).
fn change_kernel(parts: &mut Parts) {
    let place = usize::from(u16::from_le_bytes([parts.kernel[0x20e], parts.kernel[0x20f]])) + 0x200;
    parts.kernel[place] ^= 1;
}

/// A word that neither kernel nor init knows.
fn change_command_line(parts: &mut Parts) {
    parts.command_line = parts.command_line.replacen("quiet", "quies", 1);
}

/// What init prints when it is done.
fn change_init(parts: &mut Parts) {
    change(&mut parts.ramdisk, "ready for the service");
}

fn change_configuration(parts: &mut Parts) {
    change(&mut parts.ramdisk, "\"scratch_percent\": 60");
}

/// What is altered, and how.
pub type Alteration = (&'static str, fn(&mut Parts));

/// One byte in each of the four things that an image is made of.
pub const ALTERATIONS: [Alteration; 4] = [
    ("kernel", change_kernel),
    ("command line", change_command_line),
    ("init", change_init),
    ("configuration", change_configuration),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_gives_another_measurement_and_no_admission() {
    let shipped = Shipped::of("nitro").eif();
    let network = example(&shipped).await;
    let original = predicted(&shipped);
    let untouched = Parts::of(&shipped);
    assert_eq!(predicted(&untouched.eif()), original, "taking apart changes nothing");
    let folder = tempfile::tempdir().unwrap();
    for (what, alter) in ALTERATIONS {
        let mut parts = untouched.clone();
        alter(&mut parts);
        let registers = predicted(&parts.eif());
        assert_ne!(registers.pcr0, original.pcr0, "{what}");
        assert_ne!(registers.pcr1, original.pcr1, "{what}");

        // It boots all the same, and its own evidence gives it away.
        let mut machine = Machine::start(&parts.boot(folder.path()), Size::default());
        machine.stream();
        let identity = network.introduce(&machine.address()).await;
        let document = Document::read(&Envelope::decode(&identity.envelope).unwrap().evidence);
        assert_eq!(document.identity()[0], registers.pcr0.0, "{what}");
        let measurement = Listed::nitro(&registers).measurement;
        match network.admit(&identity, measurement).await {
            Err(SendError::Reverted(revert)) => assert_eq!(revert.name(), Some("MeasurementNotListed"), "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}
