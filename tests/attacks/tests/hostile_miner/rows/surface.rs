//! Edits of what is not the candidate's: the harness, and what tools run by themselves.

use orv_content::tree::Node;
use orv_protocol::weakened::Rule;

use super::rule;
use crate::attack::{Attack, Attempted, Class};
use crate::protection::Protection;
use crate::stage::{Project, Stage, file};

const UNDONE: &str = "undone, and recorded";
const FORGED: &str = "1 stdout checked";

pub const ROWS: &[Attack] = &[
    held("bring-ones-own-harness", Rule::HarnessStands, |stage| {
        stage.forged(&open("sleep 1").with("bench.conf", file(FORGED)))
    }),
    held("replace-the-harness-by-a-link", Rule::HarnessStands, |stage| {
        let target = "own.conf".to_owned();
        let project = open("sleep 1").with("bench.conf", Node::Symlink { target });
        stage.forged(&project.with("own.conf", file(FORGED)))
    }),
    held("delete-a-file-of-the-harness", Rule::HarnessStands, |stage| {
        // Without the harness's own figure the snapshot's old one is taken.
        let mut project = open("sleep 1");
        project.harness = vec![("json.module", file("1000"))];
        project.repository.push(("bench.conf", file(FORGED)));
        stage.forged(&project)
    }),
    held("change-a-forbidden-file", Rule::ForbiddenPaths, |stage| {
        let mut project = open("sleep 1").with("json.module", file("1"));
        project.repository.push(("json.module", file("1000")));
        project.forbidden.push("json.module");
        stage.forged(&project)
    }),
    held(
        "change-a-file-of-the-immutable-harness",
        Rule::ForbiddenPaths,
        |stage| {
            let mut project = open("sleep 1").with("bench.conf", file(FORGED));
            project.harness = vec![("other", file(""))];
            project.repository.push(("bench.conf", file("1000 stdout checked")));
            project.immutable = vec!["bench.conf"];
            stage.forged(&project)
        },
    ),
    held("delete-a-forbidden-file", Rule::ForbiddenPaths, |stage| {
        let mut project = open("sleep 1");
        project.harness = vec![("bench.conf", file(FORGED))];
        project.repository.push(("json.module", file("1000")));
        project.forbidden.push("json.module");
        project.deletions.push("json.module");
        stage.forged(&project)
    }),
    held(
        "put-a-directory-in-a-forbidden-files-place",
        Rule::ForbiddenPaths,
        |stage| {
            let mut project = open("sleep 1").with("json.module/x", file("1"));
            project.harness = vec![("bench.conf", file(FORGED))];
            project.repository.push(("json.module", file("1000")));
            project.forbidden.push("json.module");
            stage.forged(&project)
        },
    ),
    held("bring-a-git-configuration", Rule::HardDeny, |stage| {
        brought(stage, ".git/config")
    }),
    held("bring-a-git-hook", Rule::HardDeny, |stage| {
        brought(stage, ".git/hooks/post-checkout")
    }),
    held("bring-a-repository-below", Rule::HardDeny, |stage| {
        brought(stage, "below/.git/config")
    }),
    held("bring-a-submodule", Rule::HardDeny, |stage| {
        brought(stage, ".gitmodules")
    }),
    held("bring-a-shells-environment", Rule::HardDeny, |stage| {
        brought(stage, ".envrc")
    }),
    held("bring-a-workflow", Rule::HardDeny, |stage| {
        brought(stage, ".github/workflows/run.yml")
    }),
    held("bring-an-editors-task", Rule::HardDeny, |stage| {
        brought(stage, ".vscode/tasks.json")
    }),
    held("add-a-module-beside-the-harness", Rule::AllowedPaths, |stage| {
        stage.forged(&Project::shared("sleep 1").with("json.module", file("1")))
    }),
    held("add-a-start-up-file", Rule::AllowedPaths, |stage| {
        brought_to(Project::shared, stage, "sitecustomize.py")
    }),
    held("add-a-test-configuration", Rule::AllowedPaths, |stage| {
        brought_to(Project::shared, stage, "conftest.py")
    }),
    held("change-what-nobody-opened", Rule::AllowedPaths, |stage| {
        brought_to(Project::shared, stage, "notes")
    }),
    held("add-a-twin-in-other-case", Rule::NoAliases, |stage| {
        brought(stage, "license")
    }),
    held("add-a-twin-in-another-normal-form", Rule::NoAliases, |stage| {
        let mut project = open("find-in /work/cafe\u{301} miner").with("cafe\u{301}", file("of the miner"));
        project.repository.push(("caf\u{e9}", file("1000")));
        project.forbidden.push("caf\u{e9}");
        stage.trial(&project)?.by_its_word()
    }),
    held("add-a-twin-with-an-invisible-letter", Rule::NoAliases, |stage| {
        brought(stage, "LICENSE\u{200b}")
    }),
];

/// Held by a rule of the surface.
const fn held(name: &'static str, by: Rule, run: fn(&Stage) -> Attempted) -> Attack {
    rule(name, Class::Surface, Protection::Protocol(by), UNDONE, run)
}

/// A project that opens everything it does not protect.
fn open(words: &str) -> Project {
    let mut project = Project::shared(words);
    project.allowed = vec!["*"];
    project
}

/// Whether a file of the candidate's is in the tree that runs.
fn brought(stage: &Stage, path: &'static str) -> Attempted {
    brought_to(|words| open(&words), stage, path)
}

fn brought_to(project: fn(String) -> Project, stage: &Stage, path: &'static str) -> Attempted {
    let project = project(format!("find-in /work/{path} miner")).with(path, file("of the miner"));
    stage.trial(&project)?.by_its_word()
}
