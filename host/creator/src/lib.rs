//! A creator's way from a folder to a project on chain: the folder becomes three bundles, the bundles are checked as the
//! enclave will check them, the baseline is measured by the verifier's own runner, and all of it is published for good.
//!
//! What stands on chain cannot be changed or withdrawn, so everything that would make a project impossible to judge is
//! refused here, in plain words, before anything is paid: a protocol that does not parse, an image that is not carried,
//! a metric whose sign leaves no meaning to a margin. Equal folders give equal roots, whatever their times and order.
//!
//! ```
//! use orv_content::tree::{Executable, Node, Tree, TreePath};
//! use orv_creator::{ProjectFolder, Problem};
//!
//! let folder = ProjectFolder { protocol_json: b"{}".to_vec(), repository: Tree::new(), benchmark: Tree::new() };
//! let problems = folder.bundles(None).unwrap_err();
//! assert!(problems.iter().any(|problem| matches!(problem, Problem::EmptyRepository)));
//! ```

mod baseline;
mod bundles;
mod folder;
mod image;
mod noise;
mod problem;
mod publish;
mod separation;

pub use self::{
    baseline::{Baseline, BaselineError, measure_baseline},
    bundles::{Bundles, ImageApart},
    folder::{FolderError, ProjectFolder},
    image::{ImageLayout, ImageSource, ImageSourceError},
    noise::{Noise, VerdictCost},
    problem::Problem,
    publish::{PublishError, PublishedProject, TokenTerms, publish},
    separation::{Separation, SeparationState},
};
