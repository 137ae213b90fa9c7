//! One attempt: the life of one report's directory.

use std::io;

use super::{Attribute, INBLOB, MAXIMUM_OUTBLOB, Provider, ReportFolder, TsmError};
use crate::certificates::{CertificateTable, MAXIMUM_TABLE};

/// "No such device or address" on every Linux: what `mkdir` gives where no driver is registered.
const ENXIO: i32 = 6;
/// Longest text attribute, in bytes: the longest that is understood has ten.
const MAXIMUM_TEXT: usize = 64;
/// The highest privilege level (VMPL) of SEV-SNP.
const HIGHEST_LEVEL: u64 = 3;

/// What one report brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The quote or report, as the kernel gives it.
    pub outblob: Vec<u8>,
    /// The host's certificate table, cut to its end. A hint: where it is absent, too long or no table, there is none,
    /// because no host shall stop evidence with it.
    pub certificates: Option<Vec<u8>>,
}

/// A report's directory, which is removed on every way out.
pub(super) struct Directory<'a, F: ReportFolder> {
    folder: &'a F,
    name: &'a str,
    writes: u64,
}

impl<F: ReportFolder> Drop for Directory<'_, F> {
    fn drop(&mut self) {
        // What cannot be removed stays until the guest ends; nothing is waiting for it.
        let _ = self.folder.remove(self.name);
    }
}

impl<'a, F: ReportFolder> Directory<'a, F> {
    pub(super) fn make(folder: &'a F, name: &'a str) -> Result<Self, TsmError> {
        match folder.make(name) {
            Ok(()) => Ok(Self {
                folder,
                name,
                writes: 0,
            }),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(TsmError::NoFolder(folder.path().to_owned())),
            Err(cause) if cause.raw_os_error() == Some(ENXIO) => Err(TsmError::NoProvider(folder.path().to_owned())),
            Err(cause) => Err(TsmError::Make {
                name: name.to_owned(),
                cause,
            }),
        }
    }

    pub(super) fn provider(&self) -> Result<Provider, TsmError> {
        Ok(self.text(Attribute::Provider)?.parse()?)
    }

    /// Asks for a report over `inblob` and reads it.
    pub(super) fn report(mut self, expected: Provider, inblob: &[u8; INBLOB]) -> Result<Report, TsmError> {
        let provider = self.provider()?;
        if provider != expected {
            return Err(TsmError::OtherProvider {
                at_first: expected,
                now: provider,
            });
        }
        if provider == Provider::SevGuest {
            self.ask_for_own_level()?;
        }
        self.write(Attribute::InBlob, inblob)?;
        let outblob = self.read(Attribute::OutBlob, MAXIMUM_OUTBLOB)?;
        if outblob.is_empty() {
            return Err(TsmError::Empty);
        }
        let certificates = match provider {
            Provider::SevGuest => self.certificates()?,
            Provider::TdxGuest => None,
        };
        // Last: only now is it known that what was read answers what was written.
        let generation = self.number(Attribute::Generation)?;
        if generation != self.writes {
            return Err(TsmError::Raced {
                writes: self.writes,
                generation,
            });
        }
        Ok(Report { outblob, certificates })
    }

    /// The level this guest runs at is the lowest that it may ask for; the kernel's default is 0, which an SVSM keeps
    /// for itself.
    fn ask_for_own_level(&mut self) -> Result<(), TsmError> {
        let floor = self.number(Attribute::PrivilegeFloor)?;
        if floor > HIGHEST_LEVEL {
            return Err(TsmError::Privilege(floor));
        }
        self.write(Attribute::PrivilegeLevel, floor.to_string().as_bytes())
    }

    fn certificates(&self) -> Result<Option<Vec<u8>>, TsmError> {
        match self.read(Attribute::AuxBlob, MAXIMUM_TABLE) {
            Ok(bytes) => Ok(CertificateTable::decode(&bytes)
                .ok()
                .filter(|table| !table.entries().is_empty())
                .map(|table| table.bytes().to_vec())),
            Err(error) if error.may_pass() => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn write(&mut self, attribute: Attribute, bytes: &[u8]) -> Result<(), TsmError> {
        self.folder
            .write(self.name, attribute, bytes)
            .map_err(|cause| TsmError::Write { attribute, cause })?;
        self.writes = self.writes.saturating_add(1);
        Ok(())
    }

    fn read(&self, attribute: Attribute, maximum: usize) -> Result<Vec<u8>, TsmError> {
        let bytes = self
            .folder
            .read(self.name, attribute, maximum.saturating_add(1))
            .map_err(|cause| TsmError::Read { attribute, cause })?;
        if bytes.len() > maximum {
            return Err(TsmError::TooLong { attribute, maximum });
        }
        Ok(bytes)
    }

    fn text(&self, attribute: Attribute) -> Result<String, TsmError> {
        let bytes = self.read(attribute, MAXIMUM_TEXT)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn number(&self, attribute: Attribute) -> Result<u64, TsmError> {
        let text = self.text(attribute)?;
        let digits = text.strip_suffix('\n').unwrap_or(&text);
        // `parse` would take a sign too.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TsmError::Number { attribute, text });
        }
        digits.parse().map_err(|_| TsmError::Number { attribute, text })
    }
}
