use orv_content::tree::Executable;
use proptest::prelude::*;

use super::*;

const PROTOCOL: &[u8] = include_bytes!("../../../../images/example/project/protocol.json");

fn protocol() -> Protocol {
    Protocol::parse(PROTOCOL).unwrap()
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, content) in files {
        let node = Node::File {
            executable: Executable::No,
            content: content.to_string().into(),
        };
        tree.insert(TreePath::new(*path).unwrap(), node).unwrap();
    }
    tree
}

fn said(snapshot: &[(&str, &str)], submission: &[(&str, &str)]) -> Vec<String> {
    let advice = of(&protocol(), &tree(snapshot), &tree(submission));
    let line = |finding: &Finding| {
        format!(
            "{} {} {}",
            finding.gate as u8,
            finding.path,
            finding.pattern.unwrap_or("-")
        )
    };
    advice.findings.iter().map(line).collect()
}

#[test]
fn only_files_that_the_submission_changed_are_looked_at() {
    let own = [
        (".github/workflows/ci.yml", "eval(x)"),
        ("main.lua", "1"),
        ("tool.py", "exec(y)"),
    ];
    assert!(said(&own, &own).is_empty());
    let mut changed = own;
    changed[2].1 = "exec(z)";
    assert_eq!(said(&own, &changed), ["3 tool.py -", r"4 tool.py exec\s*\("]);
}

#[test]
fn the_first_gate_that_a_path_fails_is_told() {
    let submission = [
        (".github/workflows/ci.yml", ""),
        ("LICENSE", ""),
        ("README.md", ""),
        ("deep/.envrc", ""),
        ("main.lua", ""),
        ("pack.lua", ""),
        ("sub/.git/config", ""),
        ("x.js", "eval(1)"),
    ];
    let expected = [
        "1 .github/workflows/ci.yml -",
        "2 LICENSE -",
        "1 deep/.envrc -",
        "2 main.lua -",
        "3 sub/.git/config -",
        "3 x.js -",
    ];
    assert_eq!(said(&[], &submission), expected);
}

#[test]
fn what_is_too_long_is_counted_and_findings_are_bounded() {
    let long = "x".repeat(LONGEST_FILE + 1);
    let advice = of(&protocol(), &Tree::new(), &tree(&[("a.py", &long), ("b.js", &long)]));
    assert_eq!((advice.unread, advice.findings.len()), (1, 2));
    let many: Vec<(String, &str)> = (0..300).map(|number| (format!("{number:03}"), "")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    let advice = of(&protocol(), &Tree::new(), &tree(&many));
    assert_eq!((advice.findings.len(), advice.left_out), (MOST_FINDINGS, 44));
}

proptest! {
    #[test]
    fn the_gates_of_paths_are_those_of_the_whole_advice(names in proptest::collection::btree_map("(src|\\.git|README|main)(\\.lua|\\.py)?", "(eval\\(|x)", 0..6)) {
        let files: Vec<(&str, &str)> = names.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
        let submission = tree(&files);
        let whole = of(&protocol(), &Tree::new(), &submission).findings;
        let gates: Vec<Finding> = whole.into_iter().filter(|finding| finding.gate != Gate::RedFlag).collect();
        prop_assert_eq!(of_paths(&protocol(), &Tree::new(), &submission), gates);
    }
}
