//! Leaving something for the next trial. The same words are run in two trials; the second looks for what the first left.

use std::fs;
use std::os::unix::fs::symlink;

use crate::kernel::call;
use crate::{Attempt, Words, held};

const IPC_CREAT: usize = 0o1000;
const IPC_EXCL: usize = 0o2000;

pub fn attempt(words: Words<'_>) -> Option<Attempt> {
    Some(match words {
        ["again", "file", path] => file(path),
        ["again", "link", path] => link(path),
        ["again", "deletion", path] => deletion(path),
        ["again", "change", path] => change(path),
        ["again", "directory", path] => directory(path),
        ["again", "time-of", path] => time_of(path),
        ["again", "mode-of", path] => mode_of(path),
        ["again", "page-cache", path] => page_cache(path),
        ["again", "shared-memory", key] => object(libc::SYS_shmget, key, &[4096, IPC_CREAT | IPC_EXCL | 0o666]),
        ["again", "messages", key] => object(libc::SYS_msgget, key, &[IPC_CREAT | IPC_EXCL | 0o666]),
        ["again", "semaphores", key] => object(libc::SYS_semget, key, &[1, IPC_CREAT | IPC_EXCL | 0o666]),
        ["leave-text", path, text] => fs::write(path, text).map(|()| format!("{path} left")),
        ["copy-text", from, to] => fs::copy(from, to).map(|length| format!("{length} bytes of {from}")),
        ["remove-objects", key] => crate::number(key).and_then(remove_objects),
        ["host-shared-memory", key] => host_shared_memory(key),
        ["host-messages", key] => host_messages(key),
        _ => return None,
    })
}

fn first(what: impl Into<String>) -> Attempt {
    Err(held(format!("nothing of an earlier trial; left {}", what.into())))
}

fn file(path: &str) -> Attempt {
    if let Ok(text) = fs::read_to_string(path) {
        return Ok(format!("{path} of an earlier trial: {text}"));
    }
    if let Some((directory, _)) = path.rsplit_once('/') {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, "answers of the trial before")?;
    first(path)
}

fn link(path: &str) -> Attempt {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(format!("{path} of an earlier trial"));
    }
    symlink("/tmp", path)?;
    first(path)
}

fn deletion(path: &str) -> Attempt {
    if fs::symlink_metadata(path).is_err() {
        return Ok(format!("{path} is still gone"));
    }
    fs::remove_file(path)?;
    first(format!("{path} deleted"))
}

fn change(path: &str) -> Attempt {
    let text = fs::read_to_string(path)?;
    if text.contains("changed before") {
        return Ok(format!("{path} as changed by an earlier trial"));
    }
    fs::write(path, format!("{text}# changed before\n"))?;
    first(format!("{path} changed"))
}

/// A directory in the place of a file.
fn directory(path: &str) -> Attempt {
    if fs::metadata(path)?.is_dir() {
        return Ok(format!("{path} of an earlier trial"));
    }
    fs::remove_file(path)?;
    fs::create_dir(path)?;
    first(path)
}

/// A time stamp carries numbers as well as a file does.
fn time_of(path: &str) -> Attempt {
    let carried = std::time::UNIX_EPOCH + std::time::Duration::from_secs(86_400);
    let file = fs::File::options().append(true).open(path)?;
    if file.metadata()?.modified()? == carried {
        return Ok(format!("a number in the time of {path}"));
    }
    file.set_modified(carried)?;
    first(format!("a number in the time of {path}"))
}

fn mode_of(path: &str) -> Attempt {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path)?.permissions().mode() & 0o777 == 0o640 {
        return Ok(format!("a number in the mode of {path}"));
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o640))?;
    first(format!("a number in the mode of {path}"))
}

/// Whether a page of a file is in memory is a bit that outlives a process, where the file lies on a disk.
fn page_cache(path: &str) -> Attempt {
    use std::os::fd::AsRawFd;
    let file = fs::File::open(path)?;
    let descriptor = file.as_raw_fd() as usize;
    let length = 1 << 16;
    let place = call(
        libc::SYS_mmap,
        &[
            0,
            length,
            libc::PROT_READ as usize,
            libc::MAP_SHARED as usize,
            descriptor,
            0,
        ],
    )?;
    let mut resident = [0u8; 16];
    call(libc::SYS_mincore, &[place, length, resident.as_mut_ptr() as usize])?;
    let before = resident.iter().filter(|page| **page & 1 == 1).count();
    if before == 0 {
        return Ok(format!("a bit in the cache of {path}"));
    }
    call(
        libc::SYS_fadvise64,
        &[descriptor, 0, 0, libc::POSIX_FADV_DONTNEED as usize],
    )?;
    call(libc::SYS_mincore, &[place, length, resident.as_mut_ptr() as usize])?;
    let after = resident.iter().filter(|page| **page & 1 == 1).count();
    first(format!("a bit in the cache of {path}: {before} {after}"))
}

/// A System V object lives until somebody removes it.
fn object(number: libc::c_long, key: &str, arguments: &[usize]) -> Attempt {
    let arguments = [&[crate::number(key)?], arguments].concat();
    match call(number, &arguments) {
        Ok(id) => first(format!("object {id}")),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok("an object of an earlier trial".into()),
        Err(error) => Err(error),
    }
}

fn host_shared_memory(key: &str) -> Attempt {
    let id = call(libc::SYS_shmget, &[crate::number(key)?, 0, 0])?;
    Ok(format!("shared memory {id} of the host"))
}

fn host_messages(key: &str) -> Attempt {
    let id = call(libc::SYS_msgget, &[crate::number(key)?, 0])?;
    // `IPC_RMID`: only an owner may.
    let message = [1u64, u64::from_le_bytes(*b"miner...")];
    call(
        libc::SYS_msgsnd,
        &[id, message.as_ptr() as usize, 8, libc::IPC_NOWAIT as usize],
    )?;
    Ok(format!("a message in queue {id} of the host"))
}

/// For the suite itself, on the host.
fn remove_objects(key: usize) -> Attempt {
    let found = [
        (call(libc::SYS_shmget, &[key, 0, 0]), libc::SYS_shmctl),
        (call(libc::SYS_msgget, &[key, 0]), libc::SYS_msgctl),
    ];
    for (id, control) in found {
        if let Ok(id) = id {
            call(control, &[id, libc::IPC_RMID as usize, 0])?;
        }
    }
    if let Ok(id) = call(libc::SYS_semget, &[key, 0, 0]) {
        call(libc::SYS_semctl, &[id, 0, libc::IPC_RMID as usize])?;
    }
    Ok("none left".into())
}
