//! The trees of a job, each opened as the enclave opens it and held against the record.

use super::report::Refused;
use crate::source::Source;
use alloy_primitives::B256;
use bytes::Bytes;
use orv_content::archive::Quota;
use orv_content::tree::Tree;
use orv_receipt::rule::Documents;
use orv_receipt::{Bundle, Role};
use orv_trial::{Inputs, archive};

/// What the job was made of.
pub(super) struct Contents {
    snapshot: Tree,
    benchmark: Tree,
    incumbent: Option<Tree>,
    candidate: Tree,
    image: Option<Tree>,
}

impl Contents {
    pub(super) fn gather(bundle: &Bundle, documents: &Documents, source: &Source) -> Result<Self, Refused> {
        let open = |role: Role| tree(bundle, role, source);
        let incumbent = bundle
            .artifact(Role::Incumbent)
            .map(|_| open(Role::Incumbent))
            .transpose()?;
        Ok(Self {
            snapshot: open(Role::Snapshot)?,
            benchmark: open(Role::Benchmark)?,
            incumbent,
            candidate: open(Role::Candidate)?,
            image: image(documents, source)?,
        })
    }

    pub(super) fn inputs<'a>(&'a self, documents: &'a Documents) -> Inputs<'a, 'a> {
        Inputs {
            documents,
            snapshot: &self.snapshot,
            benchmark: &self.benchmark,
            image: self.image.as_ref(),
            incumbent: self.incumbent.as_ref(),
            candidate: Some(&self.candidate),
        }
    }
}

fn tree(bundle: &Bundle, role: Role, source: &Source) -> Result<Tree, Refused> {
    let artifact = bundle.artifact(role).ok_or_else(|| {
        Refused::record(format!(
            "the job ended before it had the {}: there is nothing to run again",
            role.name()
        ))
    })?;
    let bytes = bytes(source, role.name(), artifact.hash)?;
    let opened = archive::open(role, artifact.hash, &bytes).map_err(Refused::record)?;
    if opened.record.tree != artifact.tree {
        return Err(Refused::record(format!(
            "the {}'s files are not those on record",
            role.name()
        )));
    }
    Ok(opened.tree)
}

fn bytes(source: &Source, what: &str, hash: B256) -> Result<Bytes, Refused> {
    source.bytes(hash).map_err(|error| Refused::missing(what, hash, &error))
}

/// The image's layout, where it stands on 0G by a root of its own.
fn image(documents: &Documents, source: &Source) -> Result<Option<Tree>, Refused> {
    let Some(root) = documents.project.image.and_then(|image| image.root) else {
        return Ok(None);
    };
    let hash = B256::from(root.0);
    let bytes = bytes(source, "image", hash)?;
    let layout = archive::unpack("image", hash, &bytes, &Quota::image()).map_err(Refused::record)?;
    Ok(Some(layout.tree))
}
