//! One job: bytes by hash, trees, trials, bundle, statement (DESIGN 4, steps 3 to 7).

mod allowance;
mod end;
mod fetch;
pub(crate) mod limits;
mod workbench;

pub(crate) use end::JobEnd;
pub(crate) use workbench::{Workbench, WorkbenchError};

use crate::keeper::Keeper;
use crate::service::Endorser;
use alloy_primitives::B256;
use end::{Stop, preparation};
use fetch::{Fetched, Host};
use orv_content::archive::Quota;
use orv_content::identity::{ContentKind, IdentityError, identify, identify_hashed};
use orv_content::tree::Tree;
use orv_content::{Root, Sha256, merkle};
use orv_protocol::judgement::Reason;
use orv_protocol::project::LONGEST_MANIFEST;
use orv_protocol::seed::trial_seed;
use orv_protocol::{PlatformTier, advice};
use orv_receipt::rule::{Documents, statement_of};
use orv_receipt::{AdviceRecord, BUNDLE_VERSION, Bundle, Obstacle, Role};
use orv_runner::Runner;
use orv_trial::archive::OpenError;
use orv_trial::{Inputs, Pace, Workshop, archive, judging};
use orv_wire::{Channel, Job, Outcome, Stage};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Instant;

/// What stands behind the statements of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Backing<'a> {
    /// The 0G root of the envelope that the host was given.
    pub(crate) evidence_root: Root,
    /// Knows what the machine's counter is worth.
    pub(crate) endorser: &'a Endorser,
    /// Signs.
    pub(crate) keeper: &'a Keeper,
}

/// Judges one proposal: the bundle's bytes go to the host, the signed statement is returned.
pub(crate) fn judge<S: Read + Write + AsFd>(
    channel: &mut Channel<S>,
    stream: u32,
    job: &Job,
    backing: Backing<'_>,
    workbench: &mut Workbench,
) -> Result<Outcome, JobEnd> {
    workbench.is_open(job.ticket)?;
    of_its_project(job)?;
    let mut host = Host::new(channel, stream, workbench.patience())?;
    let tier = backing.endorser.tier();
    let mut bundle = begin(job, tier, workbench)?;
    match work(&mut host, &mut bundle, workbench) {
        Ok(()) => {}
        Err(Stop::Obstacle(obstacle)) => bundle.obstacle = Some(obstacle),
        Err(Stop::End(end)) => return Err(end),
    }
    // A counter that the kernel came to distrust may have been bent at any time before.
    let now = backing.endorser.tier();
    if tier == PlatformTier::TrustedCounter && now != tier {
        return Err(JobEnd::Counter { before: tier, now });
    }
    host.progress(Stage::Sign, 0, 1)?;
    let (bundle, bytes) = bounded(bundle, limits::BUNDLE_BYTES);
    let root = merkle::root_of(&bytes)?;
    let run = statement_of(&bundle, root, backing.evidence_root)?;
    workbench.use_up(job.ticket);
    let signature = backing.keeper.sign(job.domain, run.clone())?;
    host.deliver(B256::from(root.0), &bytes)?;
    Ok(Outcome { run, signature })
}

/// Of two projects no statement would be true: an auditor refuses it, and so does the gateway.
fn of_its_project(job: &Job) -> Result<(), JobEnd> {
    let (proposal, project) = (job.proposal.project_id, job.project.id);
    if proposal == project {
        Ok(())
    } else {
        Err(JobEnd::OtherProject { proposal, job: project })
    }
}

/// A record that everybody reads: one that is too long says only that it is.
fn bounded(bundle: Bundle, most: usize) -> (Bundle, Vec<u8>) {
    let bytes = bundle.encode();
    if bytes.len() <= most {
        return (bundle, bytes);
    }
    let emptied = bundle.emptied(Obstacle {
        reason: Reason::JobLimit.code().to_owned(),
        detail: format!("the record has {} bytes, at most {most} are kept", bytes.len()),
    });
    let bytes = emptied.encode();
    (emptied, bytes)
}

/// An empty record with a fresh secret: what the host claims, before anything is checked.
fn begin(job: &Job, tier: PlatformTier, workbench: &Workbench) -> Result<Bundle, JobEnd> {
    let mut secret = [0u8; 32];
    getrandom::fill(&mut secret).map_err(JobEnd::Entropy)?;
    let no_tree = Sha256([0; 32]);
    Ok(Bundle {
        version: BUNDLE_VERSION,
        ledger: job.ledger,
        registry: job.registry,
        ticket: job.ticket,
        project: job.project.clone(),
        proposal: job.proposal.clone(),
        incumbent: job.incumbent,
        protocol_json: Vec::new(),
        project_json: None,
        artifacts: Vec::new(),
        image: None,
        candidate_tree: no_tree,
        differences: Vec::new(),
        secret: B256::from(secret),
        seed: B256::from(trial_seed(&no_tree, &job.ticket.0, &secret)),
        platform_tier: tier.into(),
        trials: Vec::new(),
        obstacle: None,
        missing_protections: workbench.missing_protections(),
        advice: None,
        incumbent_unreadable: None,
    })
}

/// From hashes to trials, everything on record in the bundle.
fn work<S: Read + Write + AsFd>(
    host: &mut Host<'_, S>,
    bundle: &mut Bundle,
    workbench: &mut Workbench,
) -> Result<(), Stop> {
    let began = Instant::now();
    let trees = fetch_all(host, bundle)?;
    let documents = Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref())
        .map_err(|error| Stop::obstacle(malformed(&error), error))?;
    documents
        .protocol
        .judgeable(documents.project.channel())
        .map_err(|cause| Stop::obstacle(Reason::from(cause), cause))?;
    fits(&trees.candidate, &documents)?;
    let image = fetch_image(host, &documents)?;
    host.progress(Stage::Prepare, 0, 1)?;
    workbench.use_up(bundle.ticket);
    let directory = workbench.fresh_directory().map_err(Stop::scratch)?;
    let inputs = Inputs {
        documents: &documents,
        snapshot: &trees.snapshot,
        benchmark: &trees.benchmark,
        image: image.as_ref(),
        incumbent: trees.incumbent.as_ref(),
        candidate: Some(&trees.candidate),
    };
    let workshop = prepare(host, &inputs, workbench.runner(), directory.path(), began)?;
    let advice = advice::of(&documents.protocol, &trees.snapshot, &trees.candidate);
    bundle.advice = Some(AdviceRecord::from(&advice));
    // Everything is on disk now, and the trials run for hours.
    drop((trees, image));
    judging::describe(bundle, &workshop);
    judging::judge(bundle, &documents, &workshop, |trials| {
        in_time(began, trials)?;
        host.still_wants_it()?;
        Ok(host.progress(Stage::Trials, trials as u64, 0)?)
    })
}

/// Lays out and sets up the arms, for as long as the host wants it and the job has time.
fn prepare<'a, S: Read + Write + AsFd>(
    host: &mut Host<'_, S>,
    inputs: &Inputs<'a, '_>,
    runner: &'a Runner,
    directory: &Path,
    began: Instant,
) -> Result<Workshop<'a>, Stop> {
    let mut broken_off = None;
    let prepared = Workshop::prepare(inputs, runner, limits::TRIAL, directory, || {
        match host.still_wants_it() {
            Ok(()) => Pace::Within(limits::JOB_TIME.saturating_sub(began.elapsed())),
            Err(end) => {
                broken_off = Some(end);
                Pace::BreakOff
            }
        }
    });
    match (prepared, broken_off) {
        (_, Some(end)) => Err(end.into()),
        (prepared, None) => prepared.map_err(preparation),
    }
}

/// Whether the job may have another trial.
fn in_time(began: Instant, trials: usize) -> Result<(), Stop> {
    if trials < limits::TRIALS && began.elapsed() < limits::JOB_TIME {
        Ok(())
    } else {
        Err(Stop::obstacle(Reason::JobLimit, format!("after {trials} trials")))
    }
}

/// The trees of a job.
struct Trees {
    snapshot: Tree,
    benchmark: Tree,
    incumbent: Option<Tree>,
    candidate: Tree,
}

/// Fetches everything that the chain names. The project's documents come from the project's own bytes, never from the
/// candidate's.
fn fetch_all<S: Read + Write + AsFd>(host: &mut Host<'_, S>, bundle: &mut Bundle) -> Result<Trees, Stop> {
    host.progress(Stage::Fetch, 0, 5)?;
    bundle.protocol_json = fetch_protocol(host, bundle.project.protocol_hash)?;
    host.progress(Stage::Fetch, 1, 5)?;
    let snapshot = fetch_archive(host, bundle, Role::Snapshot, bundle.project.repo_snapshot_hash)?;
    host.progress(Stage::Fetch, 2, 5)?;
    let benchmark = fetch_archive(host, bundle, Role::Benchmark, bundle.project.benchmark_hash)?;
    bundle.project_json = project_json(&benchmark)?;
    host.progress(Stage::Fetch, 3, 5)?;
    let incumbent = match bundle.incumbent.code_hash {
        B256::ZERO => None,
        hash => fetch_incumbent(host, bundle, hash)?,
    };
    host.progress(Stage::Fetch, 4, 5)?;
    let candidate = fetch_archive(host, bundle, Role::Candidate, bundle.proposal.code_hash)?;
    host.progress(Stage::Fetch, 5, 5)?;
    Ok(Trees {
        snapshot,
        benchmark,
        incumbent,
        candidate,
    })
}

fn project_json(benchmark: &Tree) -> Result<Option<Vec<u8>>, Stop> {
    match benchmark.file("openresearch.json") {
        Some(bytes) if bytes.len() > LONGEST_MANIFEST => Err(Stop::obstacle(
            Reason::ManifestMalformed,
            format!("openresearch.json has {} bytes", bytes.len()),
        )),
        found => Ok(found.map(|bytes| bytes.to_vec())),
    }
}

fn fetch_protocol<S: Read + Write + AsFd>(host: &mut Host<'_, S>, hash: B256) -> Result<Vec<u8>, Stop> {
    let Fetched { bytes, root } = fetch(host, hash, limits::PROTOCOL_BYTES, "protocol.json")?;
    match identify_hashed(&bytes, root, &hash.0, ContentKind::Json) {
        // The receipt has the bytes up to the last that is not zero, and they must lead back to the hash.
        Ok(found) if identify(&found.canonical, &hash.0, ContentKind::Json).as_ref() != Ok(&found) => {
            Err(Stop::obstacle(
                Reason::ProtocolMalformed,
                "zero bytes after the end fill chunks of their own",
            ))
        }
        Ok(found) => Ok(found.canonical.into_owned()),
        Err(error @ IdentityError::Blank) => Err(Stop::obstacle(Reason::ProtocolMalformed, error)),
        Err(error) => Err(JobEnd::WrongBytes(error.to_string()).into()),
    }
}

/// Fetches, recognises, unpacks and records one archive.
fn fetch_archive<S: Read + Write + AsFd>(
    host: &mut Host<'_, S>,
    bundle: &mut Bundle,
    role: Role,
    hash: B256,
) -> Result<Tree, Stop> {
    let Fetched { bytes, root } = fetch(host, hash, limits::ARCHIVE_BYTES, role.name())?;
    let reason = if role == Role::Candidate {
        Reason::CandidateArchive
    } else {
        Reason::ProjectArchive
    };
    let opened = archive::open_hashed(role, hash, &bytes, root).map_err(|error| Stop::archive(reason, error))?;
    bundle.artifacts.push(opened.record);
    Ok(opened.tree)
}

/// An incumbent whose bytes nobody has is measured by the snapshot alone (DESIGN 5.5), and so is one that is no archive
/// of ours: no enclave has ever approved that (docs/decisions/0015).
fn fetch_incumbent<S: Read + Write + AsFd>(
    host: &mut Host<'_, S>,
    bundle: &mut Bundle,
    hash: B256,
) -> Result<Option<Tree>, Stop> {
    let Some(Fetched { bytes, root }) = host.fetch(hash, limits::ARCHIVE_BYTES).map_err(Stop::fetching)? else {
        return Ok(None);
    };
    match archive::open_hashed(Role::Incumbent, hash, &bytes, root) {
        Ok(opened) => {
            bundle.artifacts.push(opened.record);
            Ok(Some(opened.tree))
        }
        Err(error @ OpenError::OtherBytes { .. }) => Err(JobEnd::WrongBytes(error.to_string()).into()),
        Err(error) => {
            bundle.incumbent_unreadable = Some(orv_receipt::detail(error));
            Ok(None)
        }
    }
}

fn fetch<S: Read + Write + AsFd>(host: &mut Host<'_, S>, hash: B256, limit: u64, what: &str) -> Result<Fetched, Stop> {
    let fetched = host.fetch(hash, limit).map_err(Stop::fetching)?;
    fetched.ok_or_else(|| Stop::obstacle(Reason::MissingBytes, format!("the host has no {what} ({hash})")))
}

/// The image's layout, where it stands on 0G by a root of its own.
fn fetch_image<S: Read + Write + AsFd>(host: &mut Host<'_, S>, documents: &Documents) -> Result<Option<Tree>, Stop> {
    let Some(root) = documents.project.image.and_then(|image| image.root) else {
        return Ok(None);
    };
    let hash = B256::from(root.0);
    let Fetched { bytes, root } = fetch(host, hash, limits::ARCHIVE_BYTES, "image")?;
    let layout = archive::unpack_hashed("image", hash, &bytes, root, &Quota::image())
        .map_err(|error| Stop::archive(Reason::ImageUnverifiable, error))?;
    Ok(Some(layout.tree))
}

fn malformed(error: &orv_receipt::rule::RuleError) -> Reason {
    match error {
        orv_receipt::rule::RuleError::Project(_) => Reason::ManifestMalformed,
        _ => Reason::ProtocolMalformed,
    }
}

/// Whether the candidate keeps the project's own bounds.
fn fits(candidate: &Tree, documents: &Documents) -> Result<(), Stop> {
    let sizes = documents.project.sizes;
    let (bytes, entries) = (candidate.total_bytes(), candidate.len() as u64);
    let too_large = sizes.candidate_bytes.is_some_and(|most| bytes > most)
        || sizes.candidate_entries.is_some_and(|most| entries > most);
    if too_large {
        return Err(Stop::obstacle(
            Reason::CandidateTooLarge,
            format!("{bytes} bytes in {entries} files"),
        ));
    }
    Ok(())
}
