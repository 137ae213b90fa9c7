//! How many tickets one run of the daemon may open (`limits.proposals`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The tickets that this run of the daemon has opened, and those that it is about to open.
#[derive(Debug, Clone, Default)]
pub(crate) struct TicketCount(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    /// Handed out and not given back.
    allowed: AtomicU32,
    /// Those of them whose ticket was opened.
    opened: AtomicU32,
}

/// Leave to open one ticket. Dropped unused, it is given back: an attempt may end long before its ticket.
#[derive(Debug)]
pub(crate) struct Allowance {
    count: TicketCount,
    used: bool,
}

impl TicketCount {
    /// Leave to open one more.
    pub(crate) fn allow(&self) -> Allowance {
        self.0.allowed.fetch_add(1, Ordering::Relaxed);
        Allowance {
            count: self.clone(),
            used: false,
        }
    }

    /// Opened or about to be.
    pub(crate) fn allowed(&self) -> u32 {
        self.0.allowed.load(Ordering::Relaxed)
    }

    /// Opened.
    pub(crate) fn opened(&self) -> u32 {
        self.0.opened.load(Ordering::Relaxed)
    }
}

impl Allowance {
    /// The ticket was opened, or may yet turn out to be.
    pub(crate) fn spend(mut self) {
        self.used = true;
        self.count.0.opened.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        if !self.used {
            self.count.0.allowed.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_opened_a_ticket_is_counted_for_good() {
        let count = TicketCount::default();
        let (one, other) = (count.allow(), count.allow());
        assert_eq!((count.allowed(), count.opened()), (2, 0));
        drop(one);
        other.spend();
        assert_eq!((count.allowed(), count.opened()), (1, 1));
    }
}
