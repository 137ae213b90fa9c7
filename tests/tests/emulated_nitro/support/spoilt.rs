//! Starts that the emulator itself has spoilt: the only ones that are made again.

/// What QEMU says when its security module has found half a request. The module is dead from then on: a fault of the
/// emulator alone.
const LOST_MODULE: &str = "Expected response buffer after request buffer in virtqueue";

/// What the kernel says, before there is a process, when the emulated timer did not tick while it looked, as happens on a
/// busy machine. No other panic is forgiven: an image that panics in four boots of five is broken.
const DEAD_TIMER: &str = "Kernel panic - not syncing: IO-APIC + timer doesn't work!";

/// What the emulator has spoilt, by the words of QEMU and of the guest's console.
pub fn by_the_emulator(qemu: &str, console: &str) -> Option<&'static str> {
    if qemu.contains(LOST_MODULE) {
        return Some("QEMU lost its security module");
    }
    console
        .contains(DEAD_TIMER)
        .then_some("the emulated timer did not tick when the kernel looked")
}

#[test]
fn no_panic_but_that_of_the_dead_timer_is_the_emulators_fault() {
    let timer =
        "[    0.1] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.";
    assert!(by_the_emulator("", timer).is_some());
    for panic in [
        "Kernel panic - not syncing: No working init found.",
        "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
        "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    ] {
        assert_eq!(by_the_emulator("", panic), None, "{panic}");
    }
    assert!(by_the_emulator("qemu: Expected response buffer after request buffer in virtqueue", "").is_some());
}
