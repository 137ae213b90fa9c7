//! The client of an enclave: connect, introduce, have a proposal judged, believe nothing.
//!
//! The enclave is not this host's friend either: another enclave, or a broken one, may answer. So a statement is only
//! handed on when it is exactly about what was asked, signed by the admitted key, and passes the checks of an auditor.

mod address;
mod contents;
mod error;
mod exits;
mod hybrid;
mod identity;
mod post;
mod session;
mod trust;

pub use self::{
    address::{EnclaveAddress, NotAnAddress},
    contents::{Content, ContentSource},
    error::{Distrust, EnclaveError},
    exits::{EXIT_PORT, ExitPorts, ExitReports},
    identity::{Binding, Identity},
    session::{Session, Work},
    trust::receipt_of,
};
