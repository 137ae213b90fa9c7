//! AMD's certificates: what is read of them, and who signed them.

mod authority;
mod extension;
mod key;
mod signed;

pub use key::KeyCertificate;

pub(super) use authority::AuthorityCertificate;
pub(crate) use signed::common_name_of;
pub(super) use signed::{Signed, X509, common_name, unix};
