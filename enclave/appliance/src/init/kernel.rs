//! The two requests to the kernel that neither `std` nor `nix` offers as safe functions. The crate's only unsafe code.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use std::fs::File;
use std::os::fd::AsRawFd;

/// Most random bytes of one addition.
pub(super) const MOST_RANDOM: usize = 512;

/// `struct rand_pool_info` of `linux/random.h`, with room for its bytes.
#[repr(C)]
struct PoolAddition {
    entropy_bits: libc::c_int,
    size: libc::c_int,
    bytes: [u8; MOST_RANDOM],
}

/// `RNDADDENTROPY`: mixes bytes into the kernel's pool and credits them with eight bits each. `pool` is `/dev/random`.
/// More than [`MOST_RANDOM`] bytes are refused with `EINVAL`.
pub(super) fn add_entropy(pool: &File, random: &[u8]) -> Result<(), Errno> {
    const RNDADDENTROPY: libc::Ioctl =
        nix::request_code_write!(b'R', 0x03, 2 * size_of::<libc::c_int>()) as libc::Ioctl;
    let mut addition = PoolAddition {
        entropy_bits: 0,
        size: 0,
        bytes: [0; MOST_RANDOM],
    };
    let room = addition.bytes.get_mut(..random.len()).ok_or(Errno::EINVAL)?;
    room.copy_from_slice(random);
    addition.size = libc::c_int::try_from(random.len()).map_err(|_| Errno::EINVAL)?;
    addition.entropy_bits = addition.size * 8;
    // SAFETY: the request reads one `rand_pool_info`, whose `size` bytes all lie within `addition`, which lives until after
    // the call; it writes nothing.
    let answer = unsafe { libc::ioctl(pool.as_raw_fd(), RNDADDENTROPY, &raw const addition) };
    Errno::result(answer).map(drop)
}

/// Brings the loopback device up in this network namespace.
pub(super) fn loopback_up() -> Result<(), Errno> {
    let any = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    // SAFETY: every field of this type is an integer, a byte array or a union of such, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (target, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *target = libc::c_char::from_ne_bytes([*byte]);
    }
    request.ifr_ifru.ifru_flags =
        libc::c_short::try_from(libc::IFF_UP | libc::IFF_RUNNING).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the request reads one `ifreq`, which lives until after the call; its name ends with a zero byte.
    let answer = unsafe { libc::ioctl(any.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    Errno::result(answer).map(drop)
}
