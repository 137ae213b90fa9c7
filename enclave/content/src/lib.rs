//! Hostile bytes in, a verified tree out: the 0G Storage Merkle tree and its proofs, the rule by which bytes are
//! recognised as the content that a hash on chain names, strict reading of archives and OCI image layouts into a
//! [`tree::Tree`] in memory, and writing such a tree beneath a directory that nothing in it can leave.
//!
//! Everything is pure except [`materialize`], and through it [`oci::Image::unpack_into`], which work on files. Contents
//! are never copied: a file of a plain archive is a slice of it. Roots can be computed while bytes arrive, in any order
//! ([`merkle::Builder`]), by the widest instructions that the processor has ([`merkle::Engine`]); more threads than the
//! calling one are used only where an argument says how many.
//!
//! ```
//! use orv_content::identity::{ContentKind, identify};
//! use orv_content::tree::{Executable, Node, Tree, TreePath};
//! use orv_content::{archive, merkle};
//!
//! let mut tree = Tree::new();
//! let node = Node::File { executable: Executable::Yes, content: "#!/bin/sh\n".into() };
//! tree.insert(TreePath::new("harness/run.sh")?, node)?;
//! let published = archive::write(&tree);
//! let root = merkle::root_of(&published)?;
//!
//! // Whoever fetches it later by its root recognises it, and sees the same tree.
//! let identified = identify(&published, &root.0, ContentKind::Tar)?;
//! let read = archive::read(identified.canonical.to_vec().into(), &archive::Quota::project())?;
//! assert_eq!(read, tree);
//! assert_eq!(read.hash(), tree.hash());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod archive;
mod hash;
pub mod identity;
mod keccak;
pub mod materialize;
pub mod merkle;
pub mod oci;
mod parallel;
pub mod tree;
#[cfg(feature = "weakened")]
pub mod weakened;
#[cfg(not(feature = "weakened"))]
mod weakened;

pub use hash::{HashTextError, Root, Sha256, Sha256Hasher};
