//! Which protections a job on this machine lacks, as receipts and trials tell it.

use orv_runner::{Protections, Runner, RunnerError, Strength};

use crate::processors::Processors;

/// The protections that are not enforced for a container as a whole, by name; empty on a machine that has them all.
///
/// # Errors
/// [`RunnerError`] where the runner insists on limits that this machine cannot set.
pub fn missing_protections(runner: &Runner) -> Result<Vec<String>, RunnerError> {
    let mut protections = runner.protections()?;
    if protections.cpu_pinning == Strength::Enforced {
        // Pinned to one core, or to nothing on a machine of one processor, is not apart.
        protections.cpu_pinning = Processors::of_this_process().separation()?;
    }
    Ok(missing(&protections))
}

fn missing(protections: &Protections) -> Vec<String> {
    [
        ("isolation", protections.isolation),
        ("system-calls", protections.system_calls),
        ("landlock", protections.landlock),
        ("memory", protections.memory),
        ("processes", protections.processes),
        ("cpu-time", protections.cpu_time),
        ("cpu-pinning", protections.cpu_pinning),
        ("freezing", protections.freezing),
    ]
    .into_iter()
    .filter(|(_, strength)| *strength != Strength::Enforced)
    .map(|(name, _)| name.to_owned())
    .collect()
}
