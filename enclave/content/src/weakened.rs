//! Rules that the suite of hostile programs leaves out one at a time, to prove that it would notice: in a build with the
//! feature `weakened`, which no program is ever shipped with. In every other build each rule holds, always, and this is
//! nothing at run time.

/// Makes a crate's own list of rules: an enum `Rule` with a name for each, and `holds`, which is asked at the very place
/// where a rule refuses something.
#[doc(hidden)]
#[macro_export]
macro_rules! weakenable_rules {
    ($($(#[doc = $doc:literal])+ $variant:ident => $name:literal,)+) => {
        /// One rule of this crate that keeps something hostile out.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[doc = $doc])+ $variant,)+
        }

        /// Whether the rule is in force: in every build but a weakened one it is.
        #[cfg(not(feature = "weakened"))]
        pub(crate) const fn holds(_: Rule) -> bool {
            true
        }

        #[cfg(feature = "weakened")]
        thread_local! {
            static LEFT_OUT: std::cell::Cell<Option<Rule>> = const { std::cell::Cell::new(None) };
        }

        /// Whether the rule is in force on this thread.
        #[cfg(feature = "weakened")]
        pub(crate) fn holds(rule: Rule) -> bool {
            LEFT_OUT.get() != Some(rule)
        }

        /// Acts without the rule, on this thread.
        #[cfg(feature = "weakened")]
        pub fn without<T>(rule: Rule, act: impl FnOnce() -> T) -> T {
            /// Puts the rule back into force, after a panic too.
            struct Restored;
            impl Drop for Restored {
                fn drop(&mut self) {
                    LEFT_OUT.set(None);
                }
            }
            LEFT_OUT.set(Some(rule));
            let _restored = Restored;
            act()
        }

        #[cfg(feature = "weakened")]
        impl Rule {
            /// Every one, in the order of the list above.
            #[must_use]
            pub const fn all() -> &'static [Rule] {
                &[$(Rule::$variant),+]
            }

            /// Its name in lists and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Rule::$variant => $name,)+
                }
            }
        }
    };
}

weakenable_rules! {
    /// A path has no empty component and none that is `.` or `..`. Without it a name leads elsewhere.
    PlainPaths => "plain-paths",
    /// A path has no control character. Without it a line feed or a terminal's escape comes into logs and receipts.
    PrintablePaths => "printable-paths",
    /// A component has at most 255 bytes. Without it a tree cannot be written to disk.
    ComponentLength => "component-length",
    /// No path comes twice. Without it two readers see two contents.
    OnePathOnce => "one-path-once",
    /// No two paths are spelled alike. Without it one hides the other on another file system.
    DistinctSpellings => "distinct-spellings",
    /// A link stays inside its tree. Without it, it leads anywhere.
    LinksInside => "links-inside",
    /// Hard links are refused. Without it they are files that look empty.
    NoHardLinks => "no-hard-links",
    /// Devices, pipes and entries of unknown types are refused. Without it they are taken for files.
    NoSpecialFiles => "no-special-files",
    /// Only zeros follow the end. Without it an archive hides another one.
    NothingAfterEnd => "nothing-after-end",
    /// Extended headers that change what a file is are refused. Without it they are passed over.
    KnownExtensions => "known-extensions",
}
