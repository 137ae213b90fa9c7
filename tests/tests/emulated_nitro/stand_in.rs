//! The image for TDX and SEV-SNP on a virtual machine with neither: everything but the evidence.
//!
//! Without evidence there is no identity and without an identity no job: for the job alone, a program takes the service's
//! place.

use crate::alteration::ALTERATIONS;
use crate::host::{self, End, Shelf};
use crate::support::boot::Size;
use crate::support::images::{Parts, Shipped};
use crate::support::machine::Machine;
use crate::support::saboteur;
use alloy_primitives::B256;
use orv_evidence::{Envelope, Platform};
use orv_measure::Register;
use orv_measure::snp::KernelHashes;
use orv_measure::tdx::{DirectBoot, InitrdArgument, KernelHandover};
use orv_verifier::enclave::ExitReports;
use orv_verify::tdx_measurement_id;
use orv_wire::{Channel, ExitCode, Failure, FailureCode, MAX_SEGMENT, Message, Segment};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A host that asks for the enclave's identity hears that the machine has nobody to endorse it.
fn assert_no_provider(channel: &mut Channel<UnixStream>) {
    channel.send(0, &Message::Hello(host::hello())).unwrap();
    let Message::Error(Failure { code, detail }) = channel.receive().unwrap().1 else {
        panic!("an identity without evidence")
    };
    assert_eq!(code, FailureCode::Evidence);
    assert!(
        detail.contains("ORV-E-022") && detail.contains("no provider"),
        "{detail}"
    );
}

#[test]
fn a_machine_without_a_provider_of_evidence_says_so_over_vsock() {
    let shipped = Shipped::of("vm");
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    let mut channel = machine.connect();
    for _ in 0..2 {
        assert_no_provider(&mut channel);
    }
    let job = host::job(&mut Shelf::default(), host::candidate("improvement"), 1);
    channel.send(5, &Message::Job(Box::new(job))).unwrap();
    let Message::Error(refused) = channel.receive().unwrap().1 else {
        panic!("a job without an identity")
    };
    assert_eq!(refused.code, FailureCode::NoIdentity);
    assert!(machine.is_running(), "a host that asks does no harm");
}

/// The kernel and the ramdisk stand in the file, and firmware is told of nothing else: who answers came through our stub.
#[test]
fn the_one_file_image_boots_from_a_disk_and_says_the_same() {
    let shipped = Shipped::of("vm");
    let mut machine = Machine::start(&shipped.boot_unified(), Size::default());
    assert_no_provider(&mut machine.connect());
}

/// The shipped service has no identity here. In its place, on the machine that the shipped kernel and init have prepared,
/// the same program judges with evidence that is simulated.
#[test]
fn a_proposal_is_judged_on_the_prepared_machine() {
    let folder = tempfile::tempdir().unwrap();
    let parts = saboteur::smuggled_with_judge(&Shipped::of("vm").parts());
    let mut machine = Machine::start(&parts.boot_directly(folder.path()), Size::default());
    machine.stream();
    let mut channel = saboteur::judge(&machine.address());
    let envelope = Envelope::decode(&host::introduce(&mut channel)).unwrap();
    assert_eq!(envelope.platform, Platform::SimNitro);
    for (name, verdict) in [("improvement", 1), ("unchanged-copy", 2)] {
        let mut shelf = Shelf::default();
        let job = host::job(&mut shelf, host::candidate(name), verdict);
        let End::Judged(outcome, bundle) = host::serve(&mut channel, &job, &shelf) else {
            panic!("{name} is refused")
        };
        assert_eq!((outcome.run.verdict, bundle.obstacle), (verdict, None), "{name}");
        assert_eq!(outcome.run.platform_tier, SIMULATED, "{name}");
    }
    assert_no_provider(&mut machine.connect());
}

/// What the counter of simulated evidence is worth.
const SIMULATED: u8 = 0;

/// Rounds of connections that are open at once, and how many those are: the kernel keeps no more waiting for a listener.
const ROUNDS: usize = 2;
const AT_ONCE: u8 = 100;

#[test]
fn long_frames_and_many_connections_pass_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    let parts = saboteur::smuggled(&Shipped::of("vm").parts());
    let mut machine = Machine::start(&parts.boot_directly(folder.path()), Size::default());
    let longest = longest_segment();
    let mut channel = machine.connect();
    for stream in 0..32 {
        channel.send(stream, &longest).unwrap();
        let (answered, Message::Error(refused)) = channel.receive().unwrap() else {
            panic!("bytes that nobody wanted are taken")
        };
        assert_eq!(answered, stream);
        assert_eq!(refused.code, FailureCode::OutOfOrder, "{}", refused.detail);
    }

    let address = machine.address();
    let mut frame = Vec::new();
    longest.to_frame(0).write_to(&mut frame).unwrap();
    assert_eq!(saboteur::returned_unchanged(&address, 4, &frame), 4);
    for _ in 0..ROUNDS {
        let returned = saboteur::returned_unchanged(&address, AT_ONCE, b"a few bytes");
        assert_eq!(returned, usize::from(AT_ONCE));
    }
    assert_no_provider(&mut channel);
}

/// A frame of more than 256 KiB, of which no two packets are the same.
fn longest_segment() -> Message {
    let noise = (0..MAX_SEGMENT as u32 / 4).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes());
    Message::Segment(Segment {
        hash: B256::repeat_byte(9),
        offset: 0,
        total: MAX_SEGMENT as u64,
        bytes: noise.collect(),
    })
}

/// What is done to the enclave, and what its host hears: a kind of end, and words.
const ENDS: [(&str, ExitCode, &str); 4] = [
    ("kill keeper", ExitCode::Keeper, "SIGKILL"),
    ("kill service", ExitCode::Killed, "SIGKILL"),
    ("starve service", ExitCode::OutOfMemory, "memory"),
    ("cramp service", ExitCode::Panic, "thread"),
];

#[test]
fn every_end_is_told_before_the_machine_powers_itself_off() {
    let folder = tempfile::tempdir().unwrap();
    let parts = saboteur::smuggled(&Shipped::of("vm").parts());
    let mut machine = Machine::start(&parts.boot_directly(folder.path()), Size::default());
    let address = machine.address();
    let reports = ExitReports::listen(&address).unwrap().unwrap();
    for (number, (order, code, words)) in ENDS.into_iter().enumerate() {
        if number > 0 {
            machine.restart();
        }
        machine.stream();
        saboteur::order(&address, order);
        // The next connection needs a stack and a thread; the killed do not wait for it.
        let _ = address.connect();
        let exit = reports.next(Duration::from_secs(120));
        let exit = exit.unwrap_or_else(|| panic!("{order}: nothing was told"));
        assert_eq!(exit.code, code, "{order}: {exit}");
        assert!(exit.detail.contains(words), "{order}: {exit}");
        machine.wait_until_ended();
        let console = machine.console();
        assert!(console.contains(POWERED_OFF), "{order}: {console}");
        assert!(reports.next(Duration::ZERO).is_none(), "{order}: told once");
    }
}

/// What the kernel says last when it has the power taken away by ACPI, and does not say of a restart, a halt or a panic.
const POWERED_OFF: &str = "reboot: Power down";

#[test]
fn a_changed_byte_gives_another_measurement_and_boots() {
    let shipped = Shipped::of("vm");
    let untouched = shipped.parts();
    let original = Predicted::of(&untouched);
    for (register, predicted) in [("rtmr1", original.rtmr1), ("rtmr2", original.rtmr2)] {
        let printed = shipped.trust_domain_register("tdx-qemu-10.2-edk2-202508", register);
        assert_eq!(hex::encode(predicted.0), printed, "{register}");
    }
    let mut altered = untouched.clone();
    for (what, alter) in ALTERATIONS {
        let mut parts = untouched.clone();
        alter(&mut parts);
        alter(&mut altered);
        let predicted = Predicted::of(&parts);
        let kernel = what == "kernel";
        assert_eq!(predicted.rtmr1 != original.rtmr1, kernel, "{what}");
        assert_eq!(predicted.rtmr2 != original.rtmr2, !kernel, "{what}");
        assert_ne!(predicted.measurement_id(), original.measurement_id(), "{what}");
        assert_ne!(predicted.launch, original.launch, "{what}");
    }
    // All four at once: nothing but the measurement gives them away.
    let folder = tempfile::tempdir().unwrap();
    let mut machine = Machine::start(&altered.boot_directly(folder.path()), Size::default());
    assert_no_provider(&mut machine.connect());
}

/// What hardware would measure of an image, where it has any.
struct Predicted {
    /// TDX: the kernel.
    rtmr1: Register,
    /// TDX: command line and initramfs.
    rtmr2: Register,
    /// SEV-SNP: what of the image the launch digest is made of.
    launch: KernelHashes,
}

impl Predicted {
    fn of(parts: &Parts) -> Self {
        let boot = DirectBoot {
            kernel: &parts.kernel,
            initrd: &parts.ramdisk,
            command_line: &parts.command_line,
            handover: KernelHandover::Unchanged,
            initrd_argument: InitrdArgument::Before,
        };
        Self {
            rtmr1: boot.rtmr1().unwrap(),
            rtmr2: boot.rtmr2().unwrap(),
            launch: KernelHashes::of(&parts.kernel, &parts.ramdisk, parts.command_line.as_bytes()),
        }
    }

    /// As the chain would know it, on one and the same firmware.
    fn measurement_id(&self) -> [u8; 32] {
        let firmware = orv_verify::Register([7; 48]);
        let [kernel, system] = [self.rtmr1, self.rtmr2].map(|register| orv_verify::Register(register.0));
        tdx_measurement_id(Platform::Tdx, [firmware, firmware, kernel, system])
    }
}
