//! Metric channels, patterns, and outputs by every kind of extraction. The first byte parts pattern from output.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_protocol::metric::{Extract, ExtractRule, Pattern, Pointer, extract, from_channel};

fuzz_target!(|data: &[u8]| {
    let _ = from_channel(data);
    let Some((length, rest)) = data.split_first() else { return };
    let (written, output) = rest.split_at(usize::from(*length).min(rest.len()));
    let written = String::from_utf8_lossy(written).into_owned();
    let mut rules = vec![ExtractRule::Junit, ExtractRule::PytestSummary];
    rules.extend(Pattern::try_from(written.clone()).map(ExtractRule::Regex));
    rules.extend(Pointer::try_from(written).map(ExtractRule::JsonPointer));
    for rule in rules {
        let rule = Extract { rule, example_stdout: None, notes: None };
        let _ = extract(&rule, output);
    }
});
