//! The collector of a TDX or SEV-SNP guest.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::attempt::Directory;
use super::{Clock, INBLOB, Patience, Provider, Report, ReportFolder, TsmError};
use crate::{Binding, CollectError, Collected, Collector, Platform};

/// Asks the kernel for reports of the one provider that it found.
#[derive(Debug)]
pub struct TsmCollector<F, C> {
    folder: F,
    clock: C,
    patience: Patience,
    provider: Provider,
    names: Names,
}

/// Names for reports that nobody else uses: drawn once, then counted.
#[derive(Debug)]
struct Names {
    drawn: [u8; 8],
    next: AtomicU64,
}

impl Names {
    fn next(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("orv-{:016x}-{number}", u64::from_be_bytes(self.drawn))
    }
}

impl<F: ReportFolder, C: Clock> TsmCollector<F, C> {
    /// Finds out whose reports `folder` gives. `drawn_at_boot` are random bytes for the names of its directories.
    ///
    /// # Errors
    /// [`TsmError::NoFolder`] and [`TsmError::NoProvider`] where there is nobody to ask,
    /// [`TsmError::UnknownProvider`] where it is neither TDX nor SEV-SNP, else what the kernel said.
    pub fn open(folder: F, clock: C, patience: Patience, drawn_at_boot: [u8; 8]) -> Result<Self, TsmError> {
        let names = Names {
            drawn: drawn_at_boot,
            next: AtomicU64::new(0),
        };
        let provider = retry(&clock, patience, || Directory::make(&folder, &names.next())?.provider())?;
        Ok(Self {
            folder,
            clock,
            patience,
            provider,
            names,
        })
    }

    /// Who answers.
    pub const fn provider(&self) -> Provider {
        self.provider
    }

    /// A fresh report over `report_data`.
    ///
    /// # Errors
    /// [`TsmError`], [`TsmError::TimedOut`] when only passing troubles were met until patience ended.
    pub fn report(&self, report_data: &[u8; INBLOB]) -> Result<Report, TsmError> {
        retry(&self.clock, self.patience, || {
            Directory::make(&self.folder, &self.names.next())?.report(self.provider, report_data)
        })
    }
}

fn retry<T>(clock: &impl Clock, patience: Patience, attempt: impl Fn() -> Result<T, TsmError>) -> Result<T, TsmError> {
    let begun = clock.now();
    let mut pause = patience.first_pause;
    let mut attempts = 0_u32;
    loop {
        attempts = attempts.saturating_add(1);
        let error = match attempt() {
            Err(error) if error.may_pass() => error,
            end => return end,
        };
        let waited = clock.now().saturating_sub(begun);
        if waited.saturating_add(pause) > patience.total {
            return Err(TsmError::TimedOut {
                attempts,
                waited,
                last: Box::new(error),
            });
        }
        clock.sleep(pause);
        pause = pause.saturating_mul(2).min(patience.longest_pause);
    }
}

impl<F: ReportFolder, C: Clock> Collector for TsmCollector<F, C> {
    fn platform(&self) -> Platform {
        self.provider.platform()
    }

    fn collect(&self, binding: &Binding) -> Result<Collected, CollectError> {
        let own = self.platform();
        if binding.platform != own {
            return Err(CollectError::WrongPlatform {
                asked: binding.platform,
                own,
            });
        }
        match self.report(&binding.digest()) {
            Ok(Report { outblob, certificates }) => Ok(Collected {
                evidence: outblob,
                collateral: certificates,
            }),
            Err(error) => Err(CollectError::Device {
                platform: own,
                cause: error.into(),
            }),
        }
    }
}

impl<F: ReportFolder, C> fmt::Display for TsmCollector<F, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}", self.provider, self.folder.path().display())
    }
}
