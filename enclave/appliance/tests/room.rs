//! A run that uses up the room it may write to is no measurement, whatever it prints and however it exits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod host;

use host::*;
use orv_content::archive;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_receipt::Bundle;
use orv_wire::Job;

/// Prints a metric.
const HONEST: &str = "print('BASELINE_METRIC=1117')\n";

/// Writes until nothing is taken any more, and prints a better one.
const FILLS_THE_TREE: &str = "
local file = io.open('/work/full', 'w')
repeat until not (file:write(string.rep('x', 4096)) and file:flush())
print('BASELINE_METRIC=960')
";

/// Makes files until none is made any more, and prints a better one.
const FILLS_TEMPORARY: &str = "
local made = 0
repeat
  local file = io.open('/tmp/' .. made, 'w')
  if file then file:close() end
  made = made + 1
until not file
print('BASELINE_METRIC=960')
";

fn repository(script: &str) -> Tree {
    let mut tree = read("images/example/project/repository");
    set(&mut tree, "pack.lua", script.to_owned());
    tree
}

fn set(tree: &mut Tree, path: &str, text: String) {
    let path = TreePath::new(path).unwrap();
    tree.remove(&path);
    let node = Node::File {
        executable: Executable::No,
        content: text.into_bytes().into(),
    };
    tree.insert(path, node).unwrap();
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

/// The example as a shared project with a mebibyte to write, where `pack.lua` is all that runs.
fn shared(shelf: &mut Shelf, reference: &str, proposal: &str, setup: &str) -> Job {
    let mut job = job(shelf, archive::write(&repository(proposal)), 1);
    job.project.repo_snapshot_hash = shelf.put(archive::write(&repository(reference)));

    let programs = [("bin/lua", "lua"), ("bin/bash", "plain-shell")];
    let benchmark = benchmark("images/example/project/benchmark", &programs);
    let mut benchmark = archive::read(benchmark.into(), &archive::Quota::project()).unwrap();
    let manifest = String::from_utf8(benchmark.file("openresearch.json").unwrap().to_vec()).unwrap();
    let (kept, _) = manifest.split_once(",\n  \"judge\"").unwrap();
    let manifest = format!("{kept}, \"sizes\": {{ \"scratch_bytes\": 1048576 }} }}");
    set(&mut benchmark, "openresearch.json", manifest);
    job.project.benchmark_hash = shelf.put(archive::write(&benchmark));

    let protocol = std::fs::read_to_string(workspace().join("images/example/project/protocol.json")).unwrap();
    let protocol = replaced(&protocol, "/bin/lua main.lua", "/bin/lua pack.lua");
    let protocol = replaced(
        &protocol,
        r#""setupCommands": []"#,
        &format!(r#""setupCommands": [{setup}]"#),
    );
    job.project.protocol_hash = shelf.put(protocol.into_bytes());
    job
}

/// Verdict, reason and record.
fn judged(reference: &str, proposal: &str, setup: &str) -> (u8, String, Bundle) {
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    introduce(&mut channel);
    let mut shelf = Shelf::default();
    let job = shared(&mut shelf, reference, proposal, setup);
    let (outcome, bundle) = match serve(&mut channel, &job, &shelf) {
        End::Judged(outcome, bundle) => (outcome, bundle),
        End::Refused(failure) => panic!("{failure:?}"),
    };
    assert_eq!(enclave.leftovers(), 0);
    let reason = String::from_utf8(outcome.run.reason.0.to_vec()).unwrap();
    (outcome.run.verdict, reason.trim_end_matches('\0').to_owned(), *bundle)
}

#[test]
fn a_candidate_that_fills_its_places_is_inconclusive_though_it_exits_well() {
    for script in [FILLS_THE_TREE, FILLS_TEMPORARY] {
        let (verdict, reason, bundle) = judged(HONEST, script, "");
        let last = &bundle.trials.last().unwrap().observation;
        let printed = String::from_utf8_lossy(&last.metric);
        assert!(printed.contains("BASELINE_METRIC=960"), "{printed}");
        assert_eq!(last.measured.number, 0);
        assert_eq!((verdict, reason.as_str()), (3, "candidate-scratch"), "{script}");
    }
}

#[test]
fn a_reference_that_fills_its_places_is_inconclusive_too() {
    let (verdict, reason, _) = judged(FILLS_THE_TREE, HONEST, "");
    assert_eq!((verdict, reason.as_str()), (3, "reference-scratch"));
}

#[test]
fn a_preparation_that_leaves_no_room_has_failed() {
    let (verdict, reason, bundle) = judged(HONEST, FILLS_THE_TREE, r#""/bin/lua pack.lua""#);
    assert_eq!((verdict, reason.as_str()), (3, "candidate-setup"));
    let detail = bundle.obstacle.unwrap().detail;
    assert!(detail.contains("used up the room"), "{detail}");
}
