//! What the suites start: the emulator, the vsock device, and a stock QEMU with its firmware.

use crate::host::workspace;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The emulator's folder, built on the first call on this machine and cached outside the tree from then on.
pub fn emulator() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let script = workspace().join("tests/nitro/tools");
        let output = Command::new(&script).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", script.display());
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
    })
}

/// QEMU with the nitro-enclave machine.
pub fn nitro_qemu() -> PathBuf {
    emulator().join("bin/qemu-nitro")
}

/// The device that carries a guest's vsock to unix sockets.
pub fn vsock_device() -> PathBuf {
    emulator().join("bin/vhost-device-vsock")
}

/// The distribution's QEMU.
pub fn stock_qemu() -> PathBuf {
    installed("/usr/bin/qemu-system-x86_64", "qemu-system-x86")
}

/// The firmware of a virtual machine with UEFI: its code, and its empty store of variables.
pub fn firmware() -> (PathBuf, PathBuf) {
    let part = |name: &str| installed(&format!("/usr/share/OVMF/{name}"), "ovmf");
    (part("OVMF_CODE_4M.fd"), part("OVMF_VARS_4M.fd"))
}

fn installed(path: &str, package: &str) -> PathBuf {
    assert!(
        Path::new(path).exists(),
        "{path} is missing: install {package}, or run ./dev test nitro"
    );
    path.into()
}
