//! Into the next trial.

use std::io::Write;

use orv_runner::Protection as P;

use super::row;
use crate::attack::{Attack, Class, judge};
use crate::host::{key, on_the_host};
use crate::stage::Project;

const FRESH: &str = "a fresh tree";

pub const ROWS: &[Attack] = &[
    row(
        "cache-answers-in-the-tree",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| stage.twice("again file /work/.cache/answers"),
    ),
    row(
        "write-a-git-configuration",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| stage.twice("again file /work/.git/config"),
    ),
    row(
        "hijack-a-module-of-the-harness",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| {
            // As a Python harness would import `json` from the directory that the candidate writes to.
            stage.prepared(&Project::shared("leave-text /work/json.module 1"), |scene| {
                scene.trial()?;
                scene.trial()?.forged()
            })
        },
    ),
    row(
        "change-ones-own-program",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| stage.twice("again change /work/notes"),
    ),
    row(
        "delete-a-file-of-the-project",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| stage.twice("again deletion /work/LICENSE"),
    ),
    row(
        "leave-a-link-out-of-the-tree",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| stage.twice("again link /work/link"),
    ),
    row(
        "put-a-directory-in-a-files-place",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| stage.twice("again directory /work/notes"),
    ),
    row(
        "carry-a-number-in-a-time-stamp",
        Class::Persistence,
        P::FreshTree,
        FRESH,
        |stage| stage.twice("again time-of /work/notes"),
    ),
    row(
        "carry-a-bit-in-the-page-cache",
        Class::Persistence,
        P::CallArguments,
        "operation not permitted",
        |stage| {
            stage.prepared(&Project::shared("again page-cache /work/data"), |scene| {
                // On a disk, where clean pages can be dropped; an enclave has none.
                let written = || -> std::io::Result<()> {
                    let mut data = std::fs::File::create(scene.directory.join("candidate/data"))?;
                    data.write_all(&[1; 1 << 16])?;
                    data.sync_all()
                };
                written().map_err(|error| error.to_string())?;
                scene.trial()?;
                scene.trial()?.by_its_word()
            })
        },
    ),
    row(
        "cache-answers-in-tmp",
        Class::Persistence,
        P::PrivateTemporary,
        "a /tmp of its own",
        |stage| {
            let path = format!("/tmp/cache-{}", stage.name());
            let answer = stage.twice(&format!("again file {path}/answers"));
            let _ = std::fs::remove_dir_all(&path);
            answer
        },
    ),
    row(
        "leave-a-file-in-the-hosts-tmp",
        Class::Escape,
        P::PrivateTemporary,
        "a /tmp of its own",
        |stage| {
            let path = std::path::PathBuf::from(format!("/tmp/made-{}", stage.name()));
            let trial = stage.trial(&Project::shared(format!("write {}", path.display())))?;
            let reached = path.exists();
            let _ = std::fs::remove_file(&path);
            judge(reached, trial.describe_said())
        },
    ),
    row(
        "read-the-hosts-tmp",
        Class::Escape,
        P::PrivateTemporary,
        "a /tmp of its own",
        |stage| stage.words(&format!("find-in {} canary", stage.canary())),
    ),
    row(
        "leave-shared-memory",
        Class::Persistence,
        P::IpcNamespace,
        "none of an earlier trial",
        |stage| stage.twice(&format!("again shared-memory {}", key())),
    ),
    row(
        "leave-a-message-queue",
        Class::Persistence,
        P::IpcNamespace,
        "none of an earlier trial",
        |stage| stage.twice(&format!("again messages {}", key())),
    ),
    row(
        "leave-semaphores",
        Class::Persistence,
        P::IpcNamespace,
        "none of an earlier trial",
        |stage| stage.twice(&format!("again semaphores {}", key())),
    ),
    row(
        "reach-the-hosts-shared-memory",
        Class::Escape,
        P::IpcNamespace,
        "no such object",
        |stage| {
            on_the_host(&["again", "shared-memory", &key()])?;
            let reached = stage.words(&format!("host-shared-memory {}", key()));
            on_the_host(&["remove-objects", &key()])?;
            reached
        },
    ),
    row(
        "write-to-the-hosts-message-queue",
        Class::Escape,
        P::IpcNamespace,
        "no such object",
        |stage| {
            on_the_host(&["again", "messages", &key()])?;
            let reached = stage.words(&format!("host-messages {}", key()));
            on_the_host(&["remove-objects", &key()])?;
            reached
        },
    ),
];
