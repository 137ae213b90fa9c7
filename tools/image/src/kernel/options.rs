//! Fragments of a kernel configuration in which every option gives its reason.

use std::collections::BTreeMap;

/// What an option is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// `y`, a number or a quoted text, as the kernel writes it.
    To(String),
    /// Not set.
    Off,
}

/// The options of one or more fragments, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    settings: BTreeMap<String, Setting>,
}

/// Why a fragment cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// A line of some other form.
    #[error("line {0}: {1:?} is no option")]
    Line(usize, String),
    /// An option that nobody gave a reason for.
    #[error("line {0}: {1} has no reason")]
    NoReason(usize, String),
    /// An option for the second time.
    #[error("line {0}: {1} is set twice")]
    Twice(usize, String),
    /// A module: nothing loads any.
    #[error("line {0}: {1} would be a module")]
    Module(usize, String),
}

impl Options {
    /// Adds a fragment. Lines are `CONFIG_NAME=value # reason`, `# CONFIG_NAME is not set # reason`, comments, or empty.
    ///
    /// # Errors
    /// [`OptionError`], with the number of the line from 1.
    pub fn add(&mut self, fragment: &str) -> Result<(), OptionError> {
        for (number, line) in (1..).zip(fragment.lines()) {
            let Some((name, setting, reason)) = parse(line, number)? else {
                continue;
            };
            if reason.is_empty() {
                return Err(OptionError::NoReason(number, name));
            }
            if setting == Setting::To("m".to_owned()) {
                return Err(OptionError::Module(number, name));
            }
            if self.settings.insert(name.clone(), setting).is_some() {
                return Err(OptionError::Twice(number, name));
            }
        }
        Ok(())
    }

    /// The options as the kernel's own tools read them.
    pub fn text(&self) -> String {
        self.settings
            .iter()
            .map(|(name, setting)| format!("{}\n", line(name, setting)))
            .collect()
    }

    /// A finished configuration without what is on in it and named by none of the options.
    pub fn left_open(&self, configuration: &str) -> String {
        let named = |line: &&str| match line.strip_suffix("=y") {
            Some(name) => self.settings.contains_key(name),
            None => true,
        };
        let lines = configuration.lines().filter(named);
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// The options that a finished configuration does not have: another option overruled them, or the kernel no longer
    /// knows them.
    pub fn not_taken(&self, configuration: &str) -> Vec<String> {
        let lines: std::collections::BTreeSet<&str> = configuration.lines().collect();
        let missing = self.settings.iter().filter(|(name, setting)| match setting {
            Setting::To(_) => !lines.contains(line(name, setting).as_str()),
            // An option whose menu is off is not in the file at all.
            Setting::Off => configuration.lines().any(|line| line.starts_with(&format!("{name}="))),
        });
        missing.map(|(name, setting)| line(name, setting)).collect()
    }
}

fn line(name: &str, setting: &Setting) -> String {
    match setting {
        Setting::To(value) => format!("{name}={value}"),
        Setting::Off => format!("# {name} is not set"),
    }
}

type Line<'a> = (String, Setting, &'a str);

fn parse(line: &str, number: usize) -> Result<Option<Line<'_>>, OptionError> {
    let off = line.strip_prefix("# ").filter(|rest| rest.starts_with("CONFIG_"));
    if off.is_none() && (line.is_empty() || line.starts_with('#')) {
        return Ok(None);
    }
    let wrong = || OptionError::Line(number, line.to_owned());
    let (option, reason) = off.unwrap_or(line).split_once('#').unwrap_or((off.unwrap_or(line), ""));
    let (option, reason) = (option.trim(), reason.trim());
    let (name, setting) = match off {
        Some(_) => (option.strip_suffix(" is not set").ok_or_else(wrong)?, Setting::Off),
        None => {
            let (name, value) = option.split_once('=').ok_or_else(wrong)?;
            (name, Setting::To(value.to_owned()))
        }
    };
    let letters = name.strip_prefix("CONFIG_").ok_or_else(wrong)?;
    match !letters.is_empty()
        && letters
            .bytes()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
    {
        true => Ok(Some((name.to_owned(), setting, reason))),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(fragment: &str) -> Result<Options, OptionError> {
        let mut options = Options::default();
        options.add(fragment).map(|()| options)
    }

    #[test]
    fn reasons_are_for_people_and_the_order_is_fixed() {
        let fragment =
            "# a heading\n\nCONFIG_NET=y   # sockets\n# CONFIG_BLOCK is not set # no disk\nCONFIG_A=\"x\" # y\n";
        assert_eq!(
            options(fragment).unwrap().text(),
            "CONFIG_A=\"x\"\n# CONFIG_BLOCK is not set\nCONFIG_NET=y\n"
        );
    }

    #[test]
    fn an_option_needs_a_reason_and_stands_once() {
        assert_eq!(
            options("CONFIG_NET=y"),
            Err(OptionError::NoReason(1, "CONFIG_NET".into()))
        );
        assert_eq!(
            options("CONFIG_A=y # a\nCONFIG_A=y # b"),
            Err(OptionError::Twice(2, "CONFIG_A".into()))
        );
        assert_eq!(
            options("CONFIG_A=m # a"),
            Err(OptionError::Module(1, "CONFIG_A".into()))
        );
        assert!(matches!(options("NET=y # a"), Err(OptionError::Line(1, _))));
        assert!(matches!(options("# CONFIG_A is off # a"), Err(OptionError::Line(1, _))));
    }

    #[test]
    fn what_the_kernel_overruled_is_named() {
        let wanted =
            options("CONFIG_A=y # a\nCONFIG_B=64 # b\n# CONFIG_C is not set # c\n# CONFIG_D is not set # d").unwrap();
        assert_eq!(
            wanted.not_taken("CONFIG_A=y\nCONFIG_B=64\n# CONFIG_C is not set\n"),
            Vec::<String>::new()
        );
        assert_eq!(
            wanted.not_taken("CONFIG_B=8\nCONFIG_C=y\n"),
            ["CONFIG_A=y", "CONFIG_B=64", "# CONFIG_C is not set"]
        );
    }

    #[test]
    fn what_is_on_without_having_been_asked_for_is_left_open() {
        let wanted = options("CONFIG_A=y # a\nCONFIG_B=64 # b").unwrap();
        assert_eq!(
            wanted.left_open("# CONFIG_OFF is not set\nCONFIG_A=y\nCONFIG_B=64\nCONFIG_C=y\nCONFIG_D=7\n"),
            "# CONFIG_OFF is not set\nCONFIG_A=y\nCONFIG_B=64\nCONFIG_D=7\n"
        );
    }

    #[test]
    fn the_fragments_of_this_repository_can_be_used() {
        for platform in ["nitro", "vm"] {
            let mut options = Options::default();
            for name in ["base", platform] {
                let path = format!("{}/../../images/kernel/{name}.config", env!("CARGO_MANIFEST_DIR"));
                options.add(&std::fs::read_to_string(path).unwrap()).unwrap();
            }
            assert!(options.text().contains("# CONFIG_MODULES is not set\n"));
        }
    }
}
