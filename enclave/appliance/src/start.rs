//! How the service starts: by hand with a command line, or in an image with a measured configuration and an init.

use crate::configuration::command_line::{self, Task, USAGE};
use crate::configuration::image::{Image, ImageError};
use crate::configuration::{Configuration, Endorsement};
use crate::console::{say, tell};
use crate::job::{Workbench, WorkbenchError};
use crate::keeper::{Keeper, KeeperError};
use crate::last_words::LastWords;
use crate::platform::{self, PlatformError};
use crate::service::{self, Endorser, ServeError, Service, heartbeat};
use orv_wire::Exit;
use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Mutex;

/// The kernel's measure of whom to kill first when memory is short, from -1000 (never) on. Containers keep the zero of the
/// spawner, so they go first.
const SPARED: &str = "-900";
const OWN_MEASURE: &str = "/proc/self/oom_score_adj";

/// Why the service does not serve.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("{0}")]
    Configuration(#[from] ImageError),
    #[error("{0}")]
    Workbench(#[from] WorkbenchError),
    #[error("{OWN_MEASURE}: {0}")]
    Spared(std::io::Error),
    #[error("{0}")]
    Keeper(#[from] KeeperError),
    #[error("{0}")]
    Platform(#[from] PlatformError),
    #[error("{0}")]
    Serve(#[from] ServeError),
}

impl StartError {
    fn code(&self) -> orv_wire::ExitCode {
        use orv_wire::ExitCode;
        match self {
            Self::Configuration(_) => ExitCode::Configuration,
            Self::Workbench(WorkbenchError::Runner(_)) => ExitCode::ControlGroups,
            Self::Keeper(_) => ExitCode::Keeper,
            Self::Workbench(_) | Self::Spared(_) | Self::Platform(_) | Self::Serve(_) => ExitCode::Start,
        }
    }
}

/// The service of an image, whose init waits for it.
pub(crate) fn in_an_image() -> ExitCode {
    let words = match LastWords::to_init() {
        Ok(words) => words,
        Err(error) => {
            tell(format_args!("no init: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let served = Image::load().map_err(StartError::from).and_then(|image| {
        let configuration = image.service();
        serve(&configuration, words.clone(), || heartbeat::begin(&image))
    });
    let Err(error) = served;
    words.say(&Exit::new(error.code(), error));
    ExitCode::FAILURE
}

/// The service with the settings of a command line.
pub(crate) fn by_hand(arguments: impl Iterator<Item = String>) -> ExitCode {
    let (task, configuration) = match command_line::parse(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            tell(format_args!("{error}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    let done = match task {
        Task::Measure => platform::measurement(&configuration).map_err(StartError::from),
        Task::Serve => serve(&configuration, LastWords::console(), || {}).map(|never| match never {}),
    };
    match done {
        Ok(measurement) => {
            say(measurement);
            ExitCode::SUCCESS
        }
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// Serves until something fails; `ready` is called when hosts can connect.
fn serve(configuration: &Configuration, words: LastWords, ready: impl FnOnce()) -> Result<Infallible, StartError> {
    // The process that every container is forked from: before any thread, and before there is a key.
    let workbench = Workbench::new(configuration)?;
    if words.are_heard() {
        workbench.prove()?;
        std::fs::write(OWN_MEASURE, SPARED).map_err(StartError::Spared)?;
    }
    let keeper = Keeper::start()?;
    let service = Service {
        keeper,
        endorser: endorser(configuration)?,
        workbench: Mutex::new(workbench),
        words,
        patience: configuration.patience,
    };
    Ok(service::serve(configuration, service, ready)?)
}

/// An image on a machine that cannot endorse its key serves no job, but it listens and says so to every host that asks:
/// its console may be seen by nobody. By hand there is somebody at the console.
fn endorser(configuration: &Configuration) -> Result<Result<Endorser, PlatformError>, PlatformError> {
    match (platform::endorser(configuration), configuration.endorsement) {
        (Err(error), Endorsement::Simulated) => Err(error),
        (endorser, _) => Ok(endorser),
    }
}
