//! A new boot of an enclave, by the operator's own command: the only way to a new key.

use crate::configuration::EnclaveSettings;
use crate::error::VerifierError;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

/// How long the command may take.
const COMMAND: Duration = Duration::from_secs(300);

/// How long the enclave may take to listen once the command has ended: a machine boots meanwhile.
const BOOT: Duration = Duration::from_secs(300);

/// Pause between two looks whether it listens.
const BETWEEN: Duration = Duration::from_secs(1);

/// Runs the command and waits until the enclave takes connections.
///
/// # Errors
/// [`VerifierError::Restart`].
pub(super) async fn restart(settings: &EnclaveSettings) -> Result<(), VerifierError> {
    let failed = |detail: String| VerifierError::Restart {
        address: settings.address.to_string(),
        detail,
    };
    let Some((program, arguments)) = settings.restart.split_first() else {
        return Err(failed("no command is configured".to_owned()));
    };
    let running = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status();
    let ended = timeout(COMMAND, running).await;
    let status = ended
        .map_err(|_| failed(format!("{program} did not end within {} s", COMMAND.as_secs())))?
        .map_err(|error| failed(format!("{program}: {error}")))?;
    if !status.success() {
        return Err(failed(format!("{program} ended with {status}")));
    }
    until_listening(settings).await.map_err(failed)
}

async fn until_listening(settings: &EnclaveSettings) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let address = settings.address.clone();
        let connected = tokio::task::spawn_blocking(move || address.connect().map(drop));
        let error = match connected.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if begun.elapsed() >= BOOT {
            return Err(format!(
                "it does not listen {} s after the command: {error}",
                BOOT.as_secs()
            ));
        }
        sleep(BETWEEN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn settings(socket: &std::path::Path, restart: &[&str]) -> EnclaveSettings {
        EnclaveSettings {
            address: format!("unix:{}", socket.display()).parse().unwrap(),
            restart: restart.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    #[tokio::test]
    async fn the_boot_is_done_when_the_enclave_listens() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("enclave.sock");
        let _listening = UnixListener::bind(&socket).unwrap();
        restart(&settings(&socket, &["true"])).await.unwrap();
    }

    #[tokio::test]
    async fn a_command_that_fails_or_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for command in ["false", "/no/such/command"] {
            let error = restart(&settings(&folder.path().join("e"), &[command]))
                .await
                .unwrap_err();
            assert_eq!(error.code(), "ORV-V-068");
            assert!(error.to_string().contains(command), "{error}");
        }
    }
}
