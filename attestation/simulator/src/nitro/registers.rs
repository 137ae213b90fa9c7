//! Platform configuration registers, computed as Nitro computes them.

use ring::digest::{Context, SHA384, digest};

/// The value of one platform configuration register.
pub type Register = [u8; 48];

/// How Nitro measures an image's part into PCR0, PCR1, PCR2 and PCR8: `SHA384(0^48 || SHA384(part))`.
pub fn measured_register(part: &[u8]) -> Register {
    extended(digest(&SHA384, part).as_ref())
}

/// How Nitro measures the parent's instance id into PCR4: `SHA384(0^48 || id)`, **not** hashed beforehand.
pub fn instance_register(instance: &str) -> Register {
    extended(instance.as_bytes())
}

fn extended(data: &[u8]) -> Register {
    let mut hasher = Context::new(&SHA384);
    hasher.update(&[0; 48]);
    hasher.update(data);
    let mut register = [0; 48];
    register.copy_from_slice(hasher.finish().as_ref());
    register
}
