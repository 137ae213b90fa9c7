use proptest::prelude::*;

use super::*;

fn rule(kind: &str, pattern: &str) -> Extract {
    let written = serde_json::json!({ "kind": kind, "pattern": pattern, "jsonPointer": "/m" });
    serde_json::from_value(written).unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn the_judge_writes_one_plain_decimal_on_one_line() {
    assert_eq!(from_channel(b"12.50\n"), Ok(number("12.5")));
    assert_eq!(from_channel(b"-3"), Ok(number("-3")));
    assert_eq!(from_channel(b""), Err(MetricError::Missing));
    assert_eq!(from_channel(b"\n"), Err(MetricError::Missing));
    assert_eq!(from_channel(b"1\n2\n"), Err(MetricError::Doubled));
    assert_eq!(from_channel(b"1\n\n"), Err(MetricError::Doubled));
    assert_eq!(from_channel(&[b'1'; 63]), Err(MetricError::TooLong { length: 63 }));
}

#[test]
fn anything_but_a_plain_decimal_is_malformed() {
    for text in [
        "+1", "1.", ".5", "1e5", "1_000", "0x10", " 1", "1 ", "1\r", "nan", "inf", "--1", "-", ".", "1.2.3", "١",
    ] {
        assert!(
            matches!(from_channel(text.as_bytes()), Err(MetricError::Malformed(_))),
            "{text}"
        );
    }
    assert!(matches!(from_channel(&[0xff, 0xfe]), Err(MetricError::Malformed(_))));
    assert_eq!(
        from_channel(&[b'1'; 61]),
        Err(MetricError::Malformed(DecimalError::TooManyDigits { count: 61 }))
    );
}

#[test]
fn group_one_of_the_only_match_is_the_metric() {
    let rule = rule("regex", r"^val_bpb:\s+([0-9.]+)$");
    assert_eq!(extract(&rule, b"step 1\nval_bpb:  0.9979\nbye\n"), Ok(number("0.9979")));
    assert_eq!(extract(&rule, b"val_bpb: 1\nval_bpb: 1\n"), Err(MetricError::Doubled));
    assert_eq!(extract(&rule, b"nothing"), Err(MetricError::Missing));
    assert!(matches!(
        extract(&rule, b"val_bpb: 1.2.3\n"),
        Err(MetricError::Malformed(_))
    ));
}

#[test]
fn without_a_group_the_whole_match_is_the_metric() {
    assert_eq!(
        extract(&rule("regex", r"\d+\.\d+"), b"loss \xff 0.5 end"),
        Ok(number("0.5"))
    );
}

#[test]
fn a_group_that_took_no_part_is_no_metric() {
    assert_eq!(
        extract(&rule("regex", r"score(?:=(\d+))?"), b"score"),
        Err(MetricError::Missing)
    );
}

#[test]
fn only_the_last_64_kib_are_searched() {
    let rule = rule("regex", r"m=(\d+)");
    let mut output = b"m=1\n".to_vec();
    output.extend(vec![b' '; TAIL_BYTES - 4]);
    output.extend(b"m=2\n");
    assert_eq!(extract(&rule, &output), Ok(number("2")));
}

#[test]
fn every_kind_but_custom_is_performed() {
    let output = b"{\"m\": 0.25}\n<testsuite><testcase/></testsuite>\n3 passed in 0.01s\nx=9\n";
    for (kind, expected) in [
        ("regex", "9"),
        ("json_pointer", "0.25"),
        ("junit", "1"),
        ("pytest_summary", "3"),
    ] {
        assert_eq!(
            extract(&rule(kind, r"^x=(\d)$"), output),
            Ok(number(expected)),
            "{kind}"
        );
    }
    let kind = ExtractKind::Custom;
    assert_eq!(
        extract(&rule("custom", "x"), b"1"),
        Err(MetricError::UnsupportedExtraction { kind })
    );
}

proptest! {
    #[test]
    fn a_decimal_is_read_back_from_its_own_text(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?") {
        let value = number(&text);
        prop_assert_eq!(number(&value.to_string()), value);
    }

    #[test]
    fn no_bytes_on_the_channel_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_channel(&bytes);
    }

    #[test]
    fn no_output_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for kind in ["regex", "json_pointer", "junit", "pytest_summary"] {
            let _ = extract(&rule(kind, r"([0-9.e+-]+)"), &bytes);
        }
    }
}
