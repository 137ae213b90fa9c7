//! A system-call filter that finds its answer by binary search.
//!
//! A list that is walked costs every judged call the length of the list, and the kernel walks it once for each number
//! there is when the filter is installed: a sixth of the time it took to start a container. Here the numbers are cut into
//! ranges of one answer, and a program of about two instructions for each range halves them until one is left. What it
//! answers is compared with the list that `seccompiler` makes of the same table (docs/decisions/0018).

use std::collections::BTreeMap;

use seccompiler::sock_filter;

/// What a filter says of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It may be made.
    Allow,
    /// It fails with this error number.
    Fail(u16),
    /// It may be made where `argument & mask` is one of `values`, in 32 bits; else it fails with `error`.
    Judge {
        /// Which argument, from 0.
        index: u8,
        /// Bits that count.
        mask: u32,
        /// What they may be.
        values: Vec<u32>,
        /// Error number otherwise.
        error: u16,
    },
}

// `linux/bpf_common.h` and `linux/seccomp.h`.
const LOAD_WORD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_GREATER_OR_EQUAL: u16 = 0x35;
const RETURN: u16 = 0x06;
const ALLOW: u32 = 0x7fff_0000;
const FAIL: u32 = 0x0005_0000;
const KILL: u32 = 0x8000_0000;
// Places in `struct seccomp_data`; the low half of an argument comes first on the two little-endian machines we know.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// The program: calls of another architecture kill, numbers without an answer of their own get `otherwise`.
pub(super) fn compile(architecture: u32, answers: &BTreeMap<u32, Answer>, otherwise: &Answer) -> Vec<sock_filter> {
    let mut ranges: Vec<(u32, &Answer)> = Vec::new();
    let mut begin = |number: u32, answer| match ranges.last_mut() {
        Some(last) if last.0 == number => last.1 = answer,
        _ => ranges.push((number, answer)),
    };
    begin(0, otherwise);
    for (number, answer) in answers {
        begin(*number, answer);
        if let Some(next) = number.checked_add(1) {
            begin(next, otherwise);
        }
    }
    ranges.dedup_by(|next, before| next.1 == before.1);
    let mut program = vec![
        instruction(LOAD_WORD, ARCHITECTURE),
        branch(JUMP_IF_EQUAL, architecture, 1, 0),
        instruction(RETURN, KILL),
        instruction(LOAD_WORD, NUMBER),
    ];
    program.extend(search(&ranges));
    program
}

/// The number is loaded, and lies in one of the ranges, each of which begins where the one before it ends.
fn search(ranges: &[(u32, &Answer)]) -> Vec<sock_filter> {
    let (low, high) = ranges.split_at(ranges.len() / 2);
    let (Some((bound, _)), false) = (high.first(), low.is_empty()) else {
        return ranges.first().map(|(_, answer)| end(answer)).unwrap_or_default();
    };
    let (low, high) = (search(low), search(high));
    let mut program = match u8::try_from(low.len()) {
        Ok(over) => vec![branch(JUMP_IF_GREATER_OR_EQUAL, *bound, over, 0)],
        // A branch reaches 255 instructions, a jump all of them.
        Err(_) => vec![
            branch(JUMP_IF_GREATER_OR_EQUAL, *bound, 0, 1),
            instruction(JUMP, u32::try_from(low.len()).unwrap_or(u32::MAX)),
        ],
    };
    program.extend(low);
    program.extend(high);
    program
}

/// The instructions that give one answer.
fn end(answer: &Answer) -> Vec<sock_filter> {
    match answer {
        Answer::Allow => vec![instruction(RETURN, ALLOW)],
        Answer::Fail(error) => vec![instruction(RETURN, FAIL | u32::from(*error))],
        Answer::Judge {
            index,
            mask,
            values,
            error,
        } => {
            let mut program = vec![
                instruction(LOAD_WORD, ARGUMENTS + 8 * u32::from(*index)),
                instruction(AND, *mask),
            ];
            for value in values {
                program.extend([branch(JUMP_IF_EQUAL, *value, 0, 1), instruction(RETURN, ALLOW)]);
            }
            program.push(instruction(RETURN, FAIL | u32::from(*error)));
            program
        }
    }
}

fn instruction(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}

fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// The machine that the kernel runs filters on, for tests.
#[cfg(test)]
pub(super) mod machine {
    use super::*;

    const JUMP_IF_GREATER: u16 = 0x25;

    /// The machine of `linux/filter.h`, as far as these programs go.
    pub(in crate::document) fn run(
        program: &[sock_filter],
        architecture: u32,
        number: u32,
        arguments: [u64; 6],
    ) -> u32 {
        let (mut at, mut word) = (0, 0);
        loop {
            let step = &program[at];
            at += 1;
            match step.code {
                LOAD_WORD => {
                    word = match step.k {
                        NUMBER => number,
                        ARCHITECTURE => architecture,
                        place => (arguments[(place - ARGUMENTS) as usize / 8] >> (8 * (place % 8))) as u32,
                    }
                }
                AND => word &= step.k,
                JUMP => at += step.k as usize,
                JUMP_IF_EQUAL => at += usize::from(if word == step.k { step.jt } else { step.jf }),
                JUMP_IF_GREATER => at += usize::from(if word > step.k { step.jt } else { step.jf }),
                JUMP_IF_GREATER_OR_EQUAL => at += usize::from(if word >= step.k { step.jt } else { step.jf }),
                RETURN => return step.k,
                other => panic!("code {other}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::machine::run;
    use super::*;

    const HERE: u32 = 0xc000_003e;

    #[test]
    fn every_number_gets_its_own_answer() {
        let judge = Answer::Judge {
            index: 1,
            mask: 0xff,
            values: vec![1, 5],
            error: 1,
        };
        let mut answers: BTreeMap<u32, Answer> = (0..500)
            .filter(|number| number % 7 != 3 && number % 11 != 2)
            .map(|number| (number, Answer::Allow))
            .collect();
        answers.insert(3, judge);
        answers.insert(435, Answer::Fail(38));
        answers.insert(u32::MAX, Answer::Allow);
        let program = compile(HERE, &answers, &Answer::Fail(1));
        assert!(program.len() < 4096);
        for number in (0..600).chain([0x4000_0000, 0x4000_0001, u32::MAX - 1, u32::MAX]) {
            for argument in [0, 1, 5, 0x101, 1 << 32, (1 << 32) | 5] {
                let answer = run(&program, HERE, number, [0, argument, 0, 0, 0, 0]);
                let expected = match answers.get(&number) {
                    Some(Answer::Allow) => ALLOW,
                    Some(Answer::Fail(error)) => FAIL | u32::from(*error),
                    Some(Answer::Judge {
                        mask, values, error, ..
                    }) => {
                        let fits = values.contains(&(argument as u32 & mask));
                        if fits { ALLOW } else { FAIL | u32::from(*error) }
                    }
                    None => FAIL | 1,
                };
                assert_eq!(answer, expected, "{number} {argument:x}");
            }
        }
        assert_eq!(run(&program, 0x4000_0003, 0, [0; 6]), KILL);
    }

    #[test]
    fn a_filter_without_answers_has_one() {
        assert_eq!(
            run(&compile(HERE, &BTreeMap::new(), &Answer::Fail(1)), HERE, 7, [0; 6]),
            FAIL | 1
        );
    }
}
