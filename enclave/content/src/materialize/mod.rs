//! Trees and directories: writing a tree beneath a directory that nothing in it can leave, and reading a work tree.
//!
//! The only part of the crate that touches a file system.

mod directory;
mod read;
mod write;

pub(crate) use directory::{Directories, FileMode};
pub use read::{ReadError, read_directory};
pub use write::{MaterializeError, write_beneath, write_beneath_with};
