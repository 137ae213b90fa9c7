use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::try_from(text.to_owned()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn problem(text: &str) -> PatternProblem {
    match Pattern::try_from(text.to_owned()) {
        Ok(_) => panic!("{text} is read"),
        Err(error) => error.problem,
    }
}

#[test]
fn what_only_a_backtracking_engine_does_is_refused() {
    for (text, expected) in [
        ("a(?=b)", PatternProblem::LookAround),
        ("(?!b)a", PatternProblem::LookAround),
        ("(?<=b)a", PatternProblem::LookAround),
        ("(?<!b)a", PatternProblem::LookAround),
        (r"(a)\1", PatternProblem::BackReference),
        (r"(?P<n>a)(?P=n)", PatternProblem::BackReference),
        (r"(a)?(?(1)b|c)", PatternProblem::Conditional),
        ("(?>a)", PatternProblem::Atomic),
        ("a++", PatternProblem::Possessive),
        ("a{2}+", PatternProblem::Possessive),
    ] {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn syntax_of_another_language_is_refused_and_never_reinterpreted() {
    for text in [
        r"a\z", r"\pL", r"\p{L}+", r"\h", r"\R", r"\Qa\E", r"(?<n>a)", r"(?x)a b", r"(?U)a+", r"(?R)a", r"\x{41}",
        r"\K", "(?|a)",
    ] {
        assert!(Pattern::try_from(text.to_owned()).is_err(), "{text}");
    }
    // Sets have no operators and no sets inside in Python.
    assert!(pattern(r"^[a&&b]+$").is_in("a&b"));
    assert!(!pattern(r"^[a-c--b]+$").is_in("c-x"));
    assert!(pattern(r"[[a]]").is_in("x[]") && !pattern(r"[[a]]").is_in("a"));
    assert!(pattern(r"[[:digit:]]").is_in(":]") && !pattern(r"[[:digit:]]").is_in("5"));
    assert!(pattern(r"[~~]").is_in("~"));
    assert!(pattern("a{,2}b{x}").is_in("b{x}"));
    assert!(pattern("{}").is_in("{}"));
    assert!(pattern("# a b").is_in("# a b"));
}

#[test]
fn what_engines_decide_differently_is_refused() {
    assert_eq!(problem("(?:a*)*b"), PatternProblem::EmptyRepetition);
    assert_eq!(problem("(?:a|)+b"), PatternProblem::EmptyRepetition);
    assert_eq!(problem("(?:(a)|b)*c"), PatternProblem::RepeatedMetric);
    assert_eq!(problem("x*"), PatternProblem::MatchesNothing);
    assert_eq!(problem("^$"), PatternProblem::MatchesNothing);
    assert_eq!(problem("(?i)é"), PatternProblem::CaseBeyondAscii);
    assert_eq!(problem(r"\bé"), PatternProblem::BoundaryBeyondAscii);
    assert_eq!(problem("a**"), PatternProblem::MultipleRepeat);
    assert_eq!(problem("^*a"), PatternProblem::NothingToRepeat);
    assert_eq!(problem("a|*b"), PatternProblem::NothingToRepeat);
    assert_eq!(problem("a(?i)b"), PatternProblem::LateFlags);
    assert_eq!(problem(r"(?a:\W)"), PatternProblem::Flag { flag: 'a' });
}

#[test]
fn what_cannot_run_within_bounds_is_refused() {
    assert_eq!(problem("(?:a{1000}){1000}"), PatternProblem::TooLarge);
    assert_eq!(problem("a{99999999999}"), PatternProblem::TooLarge);
    assert_eq!(problem(&"(".repeat(100)), PatternProblem::TooDeep);
    assert_eq!(problem(&"a".repeat(4097)), PatternProblem::Length { length: 4097 });
    assert_eq!(problem(""), PatternProblem::Length { length: 0 });
}

#[test]
fn lines_end_as_python_ends_them() {
    assert!(pattern(r"^b$").is_in("a\nb\nc"));
    assert!(!pattern(r"^b$").is_in("a\nb\r\nc"));
    assert!(pattern(r"c\Z").is_in("a\nc") && !pattern(r"a\Z").is_in("a\nc") && !pattern(r"c\Z").is_in("c\n"));
    assert!(pattern(r"\Aa").is_in("a\nb") && !pattern(r"\Ab").is_in("a\nb"));
    assert!(!pattern("a.b").is_in("a\nb") && pattern("(?s)a.b").is_in("a\nb") && pattern("a.b").is_in("a\rb"));
}

#[test]
fn an_error_says_where() {
    let error = Pattern::try_from("ab(?=c)".to_owned()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "look-around needs an engine that backtracks (at character 2)"
    );
}

proptest! {
    #[test]
    fn no_text_panics_as_a_pattern_or_under_one(written in "[\\PC\n]{0,24}", text in "\\PC{0,40}") {
        if let Ok(pattern) = Pattern::try_from(written) {
            let _ = pattern.only_value(&text);
        }
    }

    #[test]
    fn no_arrangement_of_signs_panics(written in "[\\\\()\\[\\]{}|*+?^$.:<>=!#P\\-,0-9abdiswxuZ]{0,16}", text in "[ab0 \n]{0,12}") {
        if let Ok(pattern) = Pattern::try_from(written) {
            let _ = pattern.only_value(&text);
        }
    }
}
