//! Texts of a fixed form, each told by one regular expression, which the published schema repeats.

use std::ops::Deref;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::fields::FieldError;

macro_rules! text_of_form {
    ($name:ident, $what:literal, $form:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The form that such a text has, as the published schema has it.
            pub const FORM: &'static str = $form;
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldError;

            fn try_from(given: String) -> Result<Self, FieldError> {
                static COMPILED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($name::FORM).ok());
                if COMPILED.as_ref().is_some_and(|form| form.is_match(&given)) {
                    Ok($name(given))
                } else {
                    Err(FieldError::Form { given, what: $what })
                }
            }
        }
    };
}

text_of_form!(
    DateTime,
    "a date and time like 2026-05-03T00:00:00Z",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
    "Date and time in the form of RFC 3339."
);
text_of_form!(
    Uri,
    "an address with a scheme, like https://example.org/project",
    r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$",
    "An address: a scheme, a colon, and printable ASCII without spaces."
);
text_of_form!(
    Host,
    "a host or host:port",
    r"^[A-Za-z0-9._*-]+(:[0-9]{1,5})?$",
    "A host, or a host and a port."
);
text_of_form!(
    CpuCount,
    "a number of processors like 2 or 0.5",
    r"^[0-9]+(\.[0-9]+)?$",
    "A number of processors, as container engines read it."
);
text_of_form!(
    MemorySize,
    "an amount of memory like 512m or 4g",
    r"^[0-9]+[kKmMgG]?[bB]?$",
    "An amount of memory, as container engines read it."
);
