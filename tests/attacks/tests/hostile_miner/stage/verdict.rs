//! The whole way to a statement: the judgement that the enclave runs, on the record that it keeps.

#[path = "../../../../../enclave/receipt/tests/sample/mod.rs"]
mod sample;

use alloy_primitives::I256;
use orv_content::Root;
use orv_receipt::Run;
use orv_receipt::rule::{RuleError, statement_of};
use orv_trial::{TrialError, judging};

use super::{Project, Stage};

/// What keeps a judgement from its end; never the candidate.
enum Broken {
    Trial(TrialError),
    Rule(RuleError),
}

impl From<TrialError> for Broken {
    fn from(error: TrialError) -> Self {
        Broken::Trial(error)
    }
}

impl From<RuleError> for Broken {
    fn from(error: RuleError) -> Self {
        Broken::Rule(error)
    }
}

impl From<Broken> for String {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Trial(error) => error.to_string(),
            Broken::Rule(error) => error.to_string(),
        }
    }
}

impl Stage {
    /// The statement of a project's candidate against its snapshot, as an enclave would sign it.
    pub fn statement(&self, project: &Project) -> Result<Run, String> {
        self.prepared(project, |scene| {
            let snapshot = I256::unchecked_from(-1000);
            let mut bundle = sample::bundle();
            bundle.protocol_json = project.protocol()?.into_bytes();
            bundle.project_json = Some(project.manifest()?.into_bytes());
            (bundle.project.baseline_score, bundle.incumbent.score) = (snapshot, snapshot);
            bundle.trials.clear();
            judging::describe(&mut bundle, scene.workshop);
            judging::judge::<Broken>(&mut bundle, scene.documents, scene.workshop, |_| Ok(()))?;
            let root = Root([7; 32]);
            statement_of(&bundle, root, root).map_err(|error| error.to_string())
        })
    }
}
