//! Memory, open files, huge pages, devices, control groups: what the kernel says of this machine.

use super::Host;
use super::line::{Check, Line};
use crate::enclave::EnclaveAddress;

/// Kilobytes that must be free for the daemon alone, and those that it is comfortable with.
const LEAST_MEMORY: u64 = 64 * 1024;
const GOOD_MEMORY: u64 = 256 * 1024;

/// Files: a journal, sockets and some hundred fetches at a time.
const LEAST_FILES: u64 = 256;
const GOOD_FILES: u64 = 1024;

/// The controllers that limit a container.
const CONTROLLERS: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

/// Everything about the machine, for these enclaves.
pub(super) fn lines(host: &Host, enclaves: &[EnclaveAddress]) -> Vec<Line> {
    let process = enclaves
        .iter()
        .any(|address| matches!(address, EnclaveAddress::Unix(_)));
    let mut lines = vec![
        open_files(&host.text("proc/self/limits")),
        memory(&host.text("proc/meminfo")),
    ];
    lines.extend(
        enclaves
            .iter()
            .map(|address| platform(host, address).about(address.to_string())),
    );
    lines.push(huge_pages(host, enclaves));
    if process {
        lines.push(control_groups(
            &host.text("proc/self/mounts"),
            &host.text("sys/fs/cgroup/cgroup.controllers"),
        ));
        lines.push(user_namespaces(&host.text("proc/sys/user/max_user_namespaces")));
    } else {
        let why = "containers run inside the enclave, which brings its own";
        lines.push(Line::skipped(Check::ControlGroups, why));
        lines.push(Line::skipped(Check::UserNamespaces, why));
    }
    lines
}

/// From `/proc/self/limits`.
fn open_files(limits: &str) -> Line {
    let row = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = row.and_then(|row| row.split_whitespace().next());
    let fix = "raise it: `ulimit -n 4096`, or LimitNOFILE=4096 in the systemd unit";
    match soft.map(|soft| (soft, soft.parse::<u64>())) {
        None => Line::skipped(Check::OpenFiles, "the kernel names no limit"),
        Some(("unlimited", _)) => Line::pass(Check::OpenFiles, "unlimited"),
        Some((text, Err(_))) => Line::skipped(Check::OpenFiles, format!("the limit {text:?} is no number")),
        Some((_, Ok(files))) if files < LEAST_FILES => {
            Line::fail(Check::OpenFiles, format!("{files} files at most"), fix)
        }
        Some((_, Ok(files))) if files < GOOD_FILES => {
            Line::warn(Check::OpenFiles, format!("{files} files at most"), fix)
        }
        Some((_, Ok(files))) => Line::pass(Check::OpenFiles, format!("{files} files at most")),
    }
}

/// Kilobytes of a row of `/proc/meminfo`, or its plain number.
fn meminfo(text: &str, row: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(row)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

fn memory(text: &str) -> Line {
    let Some(free) = meminfo(text, "MemAvailable") else {
        return Line::skipped(Check::Memory, "the kernel does not say how much is free");
    };
    let found = format!("{} MiB are available", free / 1024);
    let fix = "stop other programs, or give the machine more memory";
    if free < LEAST_MEMORY {
        Line::fail(Check::Memory, found, fix)
    } else if free < GOOD_MEMORY {
        Line::warn(Check::Memory, found, fix)
    } else {
        Line::pass(Check::Memory, found)
    }
}

/// The device behind the address.
fn platform(host: &Host, address: &EnclaveAddress) -> Line {
    let has = |device: &str| host.path(device).exists();
    match address {
        EnclaveAddress::Unix(_) => Line::pass(Check::Platform, "a process of this machine, which needs no device"),
        EnclaveAddress::Hybrid { .. } if has("dev/kvm") => {
            Line::pass(Check::Platform, "/dev/kvm, vsock by a device process")
        }
        EnclaveAddress::Hybrid { .. } => Line::fail(
            Check::Platform,
            "/dev/kvm is missing",
            "load it with `modprobe kvm_amd` or `modprobe kvm_intel`, and allow virtualisation in the firmware",
        ),
        EnclaveAddress::Vsock { .. } if has("dev/nitro_enclaves") => {
            Line::pass(Check::Platform, "/dev/nitro_enclaves: AWS Nitro")
        }
        EnclaveAddress::Vsock { .. } if !has("dev/vsock") => Line::fail(
            Check::Platform,
            "/dev/vsock is missing",
            "load it with `modprobe vhost_vsock`, or `modprobe nitro_enclaves` on an EC2 instance with enclaves allowed",
        ),
        EnclaveAddress::Vsock { .. } if has("dev/sev") => Line::pass(Check::Platform, "/dev/sev: AMD SEV-SNP"),
        EnclaveAddress::Vsock { .. } if has("dev/kvm") => kvm(&host.text("sys/module/kvm_intel/parameters/tdx")),
        EnclaveAddress::Vsock { .. } => Line::fail(
            Check::Platform,
            "none of /dev/nitro_enclaves, /dev/sev and /dev/kvm is there",
            "on AWS start the instance with `--enclave-options Enabled=true` and `modprobe nitro_enclaves`; elsewhere \
             `modprobe kvm_amd sev_snp=1` or `modprobe kvm_intel tdx=1`",
        ),
    }
}

fn kvm(tdx: &str) -> Line {
    if tdx.starts_with(['Y', '1']) {
        return Line::pass(Check::Platform, "/dev/kvm with TDX");
    }
    Line::warn(
        Check::Platform,
        "/dev/kvm without TDX or SEV-SNP: its enclaves' evidence admits no key",
        "load it with `modprobe kvm_intel tdx=1` or `modprobe kvm_amd sev_snp=1` on a machine that has either",
    )
}

/// Memory that the Nitro allocator has set aside, against what it was told to.
fn huge_pages(host: &Host, enclaves: &[EnclaveAddress]) -> Line {
    let vsock = enclaves
        .iter()
        .any(|address| matches!(address, EnclaveAddress::Vsock { .. }));
    if !vsock || !host.path("dev/nitro_enclaves").exists() {
        return Line::skipped(Check::HugePages, "only Nitro enclaves need them");
    }
    let text = host.text("proc/meminfo");
    let aside =
        meminfo(&text, "HugePages_Total").unwrap_or_default() * meminfo(&text, "Hugepagesize").unwrap_or_default();
    let allocator = host.text("etc/nitro_enclaves/allocator.yaml");
    let told = allocator
        .lines()
        .find_map(|line| line.trim().strip_prefix("memory_mib:"));
    let told: u64 = told.and_then(|number| number.trim().parse().ok()).unwrap_or_default();
    let found = format!("{} MiB are set aside, the allocator is told {told} MiB", aside / 1024);
    let fix = "set memory_mib in /etc/nitro_enclaves/allocator.yaml to the enclave's memory and run \
               `systemctl restart nitro-enclaves-allocator`; fragmented memory needs a reboot";
    if aside == 0 || aside / 1024 < told {
        Line::fail(Check::HugePages, found, fix)
    } else {
        Line::pass(Check::HugePages, found)
    }
}

/// From `/proc/self/mounts` and the root group's controllers: each controller mounted, in either version.
fn control_groups(mounts: &str, controllers: &str) -> Line {
    let second: Vec<&str> = if mounts.lines().any(|line| line.split(' ').nth(2) == Some("cgroup2")) {
        controllers.split_whitespace().collect()
    } else {
        Vec::new()
    };
    let first = |name: &str| {
        let mut groups = mounts.lines().filter(|line| line.split(' ').nth(2) == Some("cgroup"));
        groups.any(|line| {
            line.split(' ')
                .nth(3)
                .is_some_and(|options| options.split(',').any(|option| option == name))
        })
    };
    let missing: Vec<&str> = CONTROLLERS
        .into_iter()
        .filter(|name| !second.contains(name) && !first(name))
        .collect();
    if missing.is_empty() {
        return Line::pass(Check::ControlGroups, "cpu, cpuset, memory and pids");
    }
    Line::fail(
        Check::ControlGroups,
        format!("no controller {}", missing.join(", ")),
        "mount them: `mount -t cgroup2 none /sys/fs/cgroup`; `sudo orv doctor` without --verifier says more",
    )
}

/// From `/proc/sys/user/max_user_namespaces`.
fn user_namespaces(most: &str) -> Line {
    match most.trim().parse::<u64>() {
        Ok(0) => Line::fail(
            Check::UserNamespaces,
            "none is allowed",
            "allow them: `sysctl -w user.max_user_namespaces=10000`",
        ),
        Ok(most) => Line::pass(Check::UserNamespaces, format!("{most} at most")),
        Err(_) => Line::fail(
            Check::UserNamespaces,
            "this kernel has none",
            "use a kernel with CONFIG_USER_NS",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn limits(soft: &str) -> Outcome {
        open_files(&format!(
            "Limit  Soft\nMax open files            {soft}                 524288   files\n"
        ))
        .outcome
    }

    #[test]
    fn few_open_files_are_a_warning_and_very_few_a_failure() {
        let judged = ["64", "512", "4096", "unlimited"].map(limits);
        assert_eq!(judged, [Outcome::Fail, Outcome::Warn, Outcome::Pass, Outcome::Pass]);
    }

    #[test]
    fn memory_is_judged_by_what_is_available() {
        let judged =
            [9_000, 100_000, 900_000].map(|free| memory(&format!("MemFree: 1 kB\nMemAvailable: {free} kB\n")).outcome);
        assert_eq!(judged, [Outcome::Fail, Outcome::Warn, Outcome::Pass]);
    }

    #[test]
    fn controllers_of_either_version_count_and_a_missing_one_is_named() {
        let second = control_groups("none /sys/fs/cgroup cgroup2 rw 0 0\n", "cpuset cpu io memory pids\n");
        assert_eq!(second.outcome, Outcome::Pass);
        let first = "none /c cgroup rw,cpu,cpuacct 0 0\nnone /m cgroup rw,memory 0 0\nnone /s cgroup rw,cpuset 0 0\n";
        let line = control_groups(first, "");
        assert_eq!(
            (line.outcome, line.found.as_str()),
            (Outcome::Fail, "no controller pids")
        );
    }

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let host = Host {
            root: root.path().to_owned(),
            clock: 0,
        };
        (root, host)
    }

    #[test]
    fn what_is_expected_of_the_machine_follows_from_the_enclaves_address() {
        let vsock = EnclaveAddress::Vsock { cid: 16, port: 5000 };
        for (devices, outcome) in [
            (&[][..], Outcome::Fail),
            (&[("dev/vsock", "")], Outcome::Fail),
            (&[("dev/vsock", ""), ("dev/nitro_enclaves", "")], Outcome::Pass),
            (&[("dev/vsock", ""), ("dev/sev", "")], Outcome::Pass),
            (&[("dev/vsock", ""), ("dev/kvm", "")], Outcome::Warn),
            (
                &[
                    ("dev/vsock", ""),
                    ("dev/kvm", ""),
                    ("sys/module/kvm_intel/parameters/tdx", "Y\n"),
                ],
                Outcome::Pass,
            ),
        ] {
            let (_root, host) = machine(devices);
            assert_eq!(platform(&host, &vsock).outcome, outcome, "{devices:?}");
        }
        let (_root, bare) = machine(&[]);
        assert_eq!(
            platform(&bare, &EnclaveAddress::Unix("/run/e".into())).outcome,
            Outcome::Pass
        );
    }

    #[test]
    fn an_allocator_that_got_less_than_it_was_told_is_a_failure() {
        let vsock = [EnclaveAddress::Vsock { cid: 16, port: 5000 }];
        for (pages, outcome) in [(0, Outcome::Fail), (1024, Outcome::Fail), (2048, Outcome::Pass)] {
            let meminfo = format!("HugePages_Total: {pages}\nHugepagesize: 2048 kB\n");
            let (_root, host) = machine(&[
                ("dev/nitro_enclaves", ""),
                ("proc/meminfo", &meminfo),
                (
                    "etc/nitro_enclaves/allocator.yaml",
                    "---\nmemory_mib: 4096\ncpu_count: 2\n",
                ),
            ]);
            assert_eq!(huge_pages(&host, &vsock).outcome, outcome, "{pages}");
        }
    }
}
