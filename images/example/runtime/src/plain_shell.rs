//! A stand-in for `bash` in an image that has no shell: `plain-shell -c LINE` runs a line of plain words.
//!
//! A shared project's command is one line for `bash -c` (openresearch.md 4.1). Where that line is a program and its
//! arguments, nothing of a shell is needed, and this program under the name `/bin/bash` is enough: it splits the line
//! at blanks and becomes the program. A line with anything that means more to a shell is refused, never guessed at.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// What has a meaning of its own somewhere in a shell's line.
const SPECIAL: &str = "|&;<>()$`\\\"'*?[]#~=%!{}^\n\r\0";

/// Exit code for a command line or a line that this program does not run, as in a shell.
const REFUSED: u8 = 2;
/// Exit code for a program that cannot be started, as in a shell.
const NOT_STARTED: u8 = 127;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let [option, line] = arguments.as_slice() else {
        return usage();
    };
    if option != "-c" {
        return usage();
    }
    match plain_words(line) {
        Ok((program, words)) => {
            let error = Command::new(program).args(words).exec();
            eprintln!("plain-shell: cannot start {program}: {error}");
            ExitCode::from(NOT_STARTED)
        }
        Err(error) => {
            eprintln!("plain-shell: {error}");
            ExitCode::from(REFUSED)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: plain-shell -c LINE");
    ExitCode::from(REFUSED)
}

/// Why a line is not run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum LineError {
    /// No word at all.
    #[error("the line is empty")]
    Empty,
    /// A character that asks for a real shell.
    #[error("the line has {0:?}, which needs a real shell")]
    Special(char),
}

/// The program and its arguments.
fn plain_words(line: &str) -> Result<(&str, Vec<&str>), LineError> {
    if let Some(special) = line.chars().find(|character| SPECIAL.contains(*character)) {
        return Err(LineError::Special(special));
    }
    let mut words = line.split_ascii_whitespace();
    let program = words.next().ok_or(LineError::Empty)?;
    Ok((program, words.collect()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_words_are_a_program_and_its_arguments() {
        assert_eq!(
            plain_words("/bin/lua  bench.lua one"),
            Ok(("/bin/lua", vec!["bench.lua", "one"]))
        );
    }

    #[test]
    fn what_a_shell_would_interpret_is_refused() {
        for line in ["a && b", "a > b", "A=1 b", "a $B", "a 'b c'", "a\nb", "a *.lua", "~/a"] {
            assert!(matches!(plain_words(line), Err(LineError::Special(_))), "{line}");
        }
        assert_eq!(plain_words("  "), Err(LineError::Empty));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in any::<String>()) {
            let _ = plain_words(&line);
        }
    }
}
