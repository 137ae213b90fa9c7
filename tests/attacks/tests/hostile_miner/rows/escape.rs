//! Out of the container's tree, and up in its rank.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use orv_runner::{FIRST_HOST_ID, Protection as P};

use super::row;
use crate::attack::{Attack, Class, Outcome, judge};
use crate::host::{CANARY, Listener};
use crate::stage::{Project, Scene};

pub const ROWS: &[Attack] = &[
    row(
        "read-a-file-of-the-host",
        Class::Escape,
        P::DetachedRoot,
        "no such file",
        |stage| {
            let canary = stage.canary();
            let trial = stage.trial(&Project::shared(format!("read-host {canary}")))?;
            judge(trial.describe_said().contains(CANARY), trial.describe_said())
        },
    ),
    row(
        "run-a-program-of-the-host",
        Class::Escape,
        P::DetachedRoot,
        "no such file",
        |stage| {
            let program = stage.path("program");
            fs::copy(crate::STATIC_PROGRAM, &program).map_err(|error| error.to_string())?;
            stage.words(&format!("run-host {}", program.display()))
        },
    ),
    row(
        "list-the-host",
        Class::Escape,
        P::DetachedRoot,
        "no such directory",
        |stage| stage.words("list-host /sys/kernel"),
    ),
    row(
        "connect-to-a-service-by-its-path",
        Class::Escape,
        P::DetachedRoot,
        "no such file",
        |stage| {
            let path = stage.path("service");
            let listener = Listener::at(&path)?;
            let trial = stage.trial(&Project::shared(format!("host-path {}", path.display())))?;
            judge(listener.heard().is_some(), trial.describe_said())
        },
    ),
    row(
        "read-as-a-user-of-the-host",
        Class::Escape,
        P::HostIds,
        "permission denied",
        |stage| {
            stage.planted("find-in /open/private secret", |directory| {
                let path = directory.join("rootfs/open/private");
                fs::write(&path, "secret of user 1000\n")?;
                chown(&path, Some(1000), Some(1000))?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            })
        },
    ),
    row(
        "be-a-user-of-the-host",
        Class::Escape,
        P::HostIds,
        "an id that no user has",
        |stage| {
            stage.prepared(&Project::shared("again file /work/made"), |scene| {
                let trial = scene.trial()?;
                // Whose the arm's prepared tree is, its runs are.
                let owner = fs::metadata(scene.directory.join("candidate")).map_err(|error| error.to_string())?;
                let owner = std::os::unix::fs::MetadataExt::uid(&owner);
                judge(owner < FIRST_HOST_ID, format!("host id {owner}, {}", trial.describe()))
            })
        },
    ),
    row(
        "write-to-the-image",
        Class::Escape,
        P::ReadOnlyRoot,
        "read-only file system",
        |stage| {
            stage.prepared(&Project::shared("write /open/miner"), |scene| {
                open_to_all(scene)?;
                let trial = scene.trial()?;
                judge(
                    matches!(trial.by_its_word()?, Outcome::Succeeded(_)),
                    trial.describe_said(),
                )
            })
        },
    ),
    row(
        "change-the-image",
        Class::Escape,
        P::ReadOnlyRoot,
        "read-only file system",
        |stage| {
            stage.prepared(&Project::shared("again change /open/note"), |scene| {
                open_to_all(scene)?;
                let trial = scene.trial()?;
                // Written at all: whether it stays is the fresh tree's matter.
                judge(trial.describe_said().contains("changed"), trial.describe_said())
            })
        },
    ),
    row(
        "open-a-device-in-the-image",
        Class::Devices,
        P::NoDeviceFiles,
        "permission denied",
        |stage| {
            stage.planted("open-device /open/device", |directory| {
                device(&directory.join("rootfs/open/device"))
            })
        },
    ),
    row(
        "open-a-device-of-the-hosts",
        Class::Devices,
        P::DeviceSet,
        "there are five harmless ones",
        |stage| stage.words("open-any-device"),
    ),
    row(
        "see-the-hosts-disks",
        Class::Devices,
        P::DeviceSet,
        "no disk",
        |stage| stage.words("see-a-disk"),
    ),
    row(
        "become-the-containers-root",
        Class::Escape,
        P::NoCapabilities,
        "operation not permitted",
        |stage| stage.words("become 0"),
    ),
    row(
        "give-a-file-away",
        Class::Escape,
        P::NoCapabilities,
        "operation not permitted",
        |stage| stage.words("own /work/solution 0"),
    ),
    row(
        "join-another-group",
        Class::Escape,
        P::NoCapabilities,
        "operation not permitted",
        |stage| stage.words("set-group 0"),
    ),
    row("hold-capabilities", Class::Escape, P::NoCapabilities, "none", |stage| {
        stage.words("capabilities")
    }),
    row(
        "run-a-set-user-id-program",
        Class::Escape,
        P::NoNewPrivileges,
        "runs as its caller",
        |stage| {
            stage.planted("elevate /open/elevated", |directory| {
                let path = directory.join("rootfs/open/elevated");
                fs::copy(directory.join("rootfs/bin/attack"), &path)?;
                chown(&path, Some(FIRST_HOST_ID), Some(FIRST_HOST_ID))?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o4755))
            })
        },
    ),
];

/// As an image might have it whose author was careless.
fn open_to_all(scene: &Scene<'_>) -> Result<(), String> {
    for path in ["rootfs/open", "rootfs/open/note"] {
        fs::set_permissions(scene.directory.join(path), fs::Permissions::from_mode(0o777))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// `/dev/zero` under another name, for everybody.
fn device(path: &std::path::Path) -> std::io::Result<()> {
    mknod(path, SFlag::S_IFCHR, Mode::from_bits_truncate(0o666), makedev(1, 5))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))
}
