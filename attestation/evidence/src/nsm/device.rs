//! The kernel's device, through AWS's own crate.
//!
//! `aws-nitro-enclaves-nsm-api` brings `serde_cbor`, which is unmaintained (RUSTSEC-2021-0127). It reads the answers of
//! the hypervisor that this platform trusts anyway, at most 12 KiB each, and nothing else; only our own types leave
//! this file (DESIGN 5.13).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use aws_nitro_enclaves_nsm_api::api::{Digest, ErrorCode, Request, Response};
use aws_nitro_enclaves_nsm_api::driver::nsm_process_request;
use zeroize::Zeroizing;

use super::{Description, DocumentFields, NsmError, Question, Refusal, RegisterDigest, SecurityModule};

/// The module behind `/dev/nsm`.
#[derive(Debug)]
pub struct Device(File);

impl Device {
    /// Opens the device, [`super::DEVICE`] everywhere but in tests.
    ///
    /// # Errors
    /// [`NsmError::NoDevice`] where there is none, [`NsmError::Open`] where it does not open.
    pub fn open(path: &Path) -> Result<Self, NsmError> {
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => Ok(Self(file)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(NsmError::NoDevice(path.to_owned())),
            Err(cause) => Err(NsmError::Open {
                path: path.to_owned(),
                cause,
            }),
        }
    }

    fn process(&mut self, request: Request) -> Response {
        nsm_process_request(self.0.as_raw_fd(), request)
    }
}

impl SecurityModule for Device {
    fn attest(&mut self, fields: &DocumentFields) -> Result<Vec<u8>, NsmError> {
        let request = Request::Attestation {
            user_data: Some(fields.user_data().to_vec().into()),
            nonce: Some(fields.nonce().to_vec().into()),
            public_key: Some(fields.public_key().to_vec().into()),
        };
        match self.process(request) {
            Response::Attestation { document } => Ok(document),
            other => Err(no_answer(Question::Attestation, &other)),
        }
    }

    fn random(&mut self) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        match self.process(Request::GetRandom) {
            Response::GetRandom { random } => Ok(random.into()),
            other => Err(no_answer(Question::Random, &other)),
        }
    }

    fn describe(&mut self) -> Result<Description, NsmError> {
        match self.process(Request::DescribeNSM) {
            Response::DescribeNSM {
                version_major,
                version_minor,
                version_patch,
                module_id,
                max_pcrs,
                locked_pcrs,
                digest,
            } => Ok(Description {
                version: [version_major, version_minor, version_patch],
                module_id,
                registers: max_pcrs,
                locked: locked_pcrs,
                digest: register_digest(digest),
            }),
            other => Err(no_answer(Question::Description, &other)),
        }
    }
}

fn no_answer(question: Question, response: &Response) -> NsmError {
    match response {
        Response::Error(code) => NsmError::Refused {
            question,
            refusal: refusal(code),
        },
        _ => NsmError::OtherAnswer(question),
    }
}

const fn refusal(code: &ErrorCode) -> Refusal {
    match code {
        ErrorCode::Success => Refusal::Success,
        ErrorCode::InvalidArgument => Refusal::InvalidArgument,
        ErrorCode::InvalidIndex => Refusal::InvalidIndex,
        ErrorCode::InvalidResponse => Refusal::InvalidResponse,
        ErrorCode::ReadOnlyIndex => Refusal::ReadOnlyIndex,
        ErrorCode::InvalidOperation => Refusal::InvalidOperation,
        ErrorCode::BufferTooSmall => Refusal::BufferTooSmall,
        ErrorCode::InputTooLarge => Refusal::InputTooLarge,
        ErrorCode::InternalError => Refusal::InternalError,
    }
}

const fn register_digest(digest: Digest) -> RegisterDigest {
    match digest {
        Digest::SHA256 => RegisterDigest::Sha256,
        Digest::SHA384 => RegisterDigest::Sha384,
        Digest::SHA512 => RegisterDigest::Sha512,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nsm::NitroCollector;

    #[test]
    fn a_missing_device_is_told_from_one_that_does_not_open() {
        let missing = Path::new("/nowhere/nsm");
        assert!(matches!(Device::open(missing), Err(NsmError::NoDevice(path)) if path == missing));
        assert!(matches!(Device::open(Path::new("/proc")), Err(NsmError::Open { .. })));
    }

    #[test]
    fn a_file_that_is_no_module_gives_a_refusal_and_no_answer() {
        let collector = NitroCollector::new(Device::open(Path::new("/dev/null")).unwrap());
        assert!(matches!(
            collector.random(),
            Err(NsmError::Refused {
                question: Question::Random,
                refusal: Refusal::InternalError
            })
        ));
        assert!(collector.describe().is_err());
    }

    #[test]
    fn the_answer_to_another_question_is_none() {
        let other = Response::LockPCR;
        assert!(matches!(
            no_answer(Question::Random, &other),
            NsmError::OtherAnswer(Question::Random)
        ));
        let refused = Response::Error(ErrorCode::InputTooLarge);
        assert_eq!(
            no_answer(Question::Attestation, &refused).to_string(),
            "the Nitro Security Module answered Attestation with InputTooLarge"
        );
    }
}
