//! Whether two records of one job have the same inputs of a verdict.

use orv_protocol::judgement::Decision;
use orv_receipt::rule::{Documents, decide};
use orv_receipt::{Bundle, DifferenceRecord, TrialReport};

/// A field of the record in which a rerun came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Which field: `seed`, `trials[3].metric` and so on.
    pub field: String,
    /// As recorded.
    pub recorded: String,
    /// As it came out here.
    pub here: String,
}

/// Every input of the verdict in which the two records differ, and the decision: none where the metric is exact. Of a
/// timed metric the numbers differ by nature; tree, seed, image, what was undone and the order of the trials do not.
pub fn disagreements(recorded: &Bundle, here: &Bundle, documents: &Documents) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let mut compare = |field: String, recorded: String, here: String| {
        if recorded != here {
            found.push(Disagreement { field, recorded, here });
        }
    };
    let pairs = |bundle: &Bundle| {
        [
            ("candidate_tree", bundle.candidate_tree.to_string()),
            ("seed", bundle.seed.to_string()),
            (
                "image.manifest",
                digest(bundle.image.as_ref().map(|image| &image.manifest)),
            ),
            ("image.config", digest(bundle.image.as_ref().map(|image| &image.config))),
            ("differences", undone(&bundle.differences)),
            ("advice", format!("{:?}", bundle.advice)),
            ("trials", bundle.trials.len().to_string()),
        ]
    };
    for ((field, recorded), (_, here)) in pairs(recorded).into_iter().zip(pairs(here)) {
        compare(field.to_owned(), recorded, here);
    }
    for (index, (recorded, here)) in recorded.trials.iter().zip(&here.trials).enumerate() {
        compare(
            format!("trials[{index}].arm"),
            recorded.arm.to_string(),
            here.arm.to_string(),
        );
        compare(
            format!("trials[{index}].metric"),
            outcome(recorded, documents),
            outcome(here, documents),
        );
    }
    compare("decision".to_owned(), decision(recorded), decision(here));
    found
}

fn digest(document: Option<&Vec<u8>>) -> String {
    document.map_or_else(String::new, |document| orv_content::Sha256::of(document).to_string())
}

fn undone(differences: &[DifferenceRecord]) -> String {
    let each = differences
        .iter()
        .map(|difference| format!("{} {}", difference.kind, difference.path));
    each.collect::<Vec<_>>().join("\n")
}

fn outcome(trial: &TrialReport, documents: &Documents) -> String {
    let outcome = trial.observation.outcome(documents);
    outcome
        .metric()
        .map_or_else(|| format!("{outcome:?}"), |metric| metric.to_string())
}

fn decision(bundle: &Bundle) -> String {
    match decide(bundle) {
        Ok(Decision {
            verdict,
            reason,
            kind,
            score,
            lower,
            upper,
        }) => format!("{verdict:?} {kind:?} {} {score} {lower} {upper}", reason.code()),
        Err(error) => error.to_string(),
    }
}
