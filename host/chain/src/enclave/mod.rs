//! Our contracts: which keys count, tickets, statements and what follows from them (DESIGN 5.2).

mod admission;
mod gateway;

pub use self::{
    admission::{AdmissionChallenge, AdmittedKey, EnclaveKeys},
    gateway::{Closed, Gateway, OpenTicket, Settled, TicketState, Turn},
};
