//! Bundles that are not what they seem.

#[path = "../../../../../enclave/content/tests/forge/mod.rs"]
mod forge;

use orv_content::archive::Quota;
use orv_content::weakened::Rule;

use super::rule;
use crate::attack::{Attack, Attempted, Class};
use crate::protection::{Bound, Protection};
use crate::stage::Stage;
use forge::{archive, entry, file, gzip, hard_link, pax, symlink};

const REFUSED: &str = "refused while it is read";

pub const ROWS: &[Attack] = &[
    held("climb-out-by-two-dots", Rule::PlainPaths, |stage| {
        stage.admitted(archive(&[file("../escaped", b"x")]))
    }),
    held("climb-out-on-the-way", Rule::PlainPaths, |stage| {
        stage.admitted(archive(&[file("a/../../escaped", b"x")]))
    }),
    held("begin-at-the-root", Rule::PlainPaths, |stage| {
        stage.admitted(archive(&[file("/etc/cron.d/escaped", b"x")]))
    }),
    held("climb-out-by-a-long-name", Rule::PlainPaths, |stage| {
        stage.admitted(archive(&[pax(&[("path", "../../escaped")]), file("harmless", b"x")]))
    }),
    held("break-a-line-in-a-name", Rule::PrintablePaths, |stage| {
        stage.admitted(archive(&[file("a\nverdict: approve", b"x")]))
    }),
    held("steer-a-terminal-by-a-name", Rule::PrintablePaths, |stage| {
        stage.admitted(archive(&[file("a\x1b[2Jb", b"x")]))
    }),
    held("overlong-name", Rule::ComponentLength, |stage| {
        stage.admitted(archive(&[pax(&[("path", &"n".repeat(300))]), file("short", b"x")]))
    }),
    held("one-name-twice", Rule::OnePathOnce, |stage| {
        stage.admitted(archive(&[
            file("solution", b"for the reader"),
            file("solution", b"for the runner"),
        ]))
    }),
    held("two-names-that-differ-in-case", Rule::DistinctSpellings, |stage| {
        stage.admitted(archive(&[file("solution", b"x"), file("Solution", b"y")]))
    }),
    held("two-names-in-two-normal-forms", Rule::DistinctSpellings, |stage| {
        stage.admitted(archive(&[file("caf\u{e9}", b"x"), file("cafe\u{301}", b"y")]))
    }),
    held("link-to-the-hosts-files", Rule::LinksInside, |stage| {
        stage.admitted(archive(&[symlink("link", "/etc/passwd")]))
    }),
    held("link-upwards", Rule::LinksInside, |stage| {
        stage.admitted(archive(&[symlink("a/link", "../../escaped")]))
    }),
    held("link-through-proc", Rule::LinksInside, |stage| {
        stage.admitted(archive(&[symlink("link", "/proc/self/root")]))
    }),
    held("link-down-and-up-again", Rule::LinksInside, |stage| {
        stage.admitted(archive(&[symlink("link", "a/../../escaped")]))
    }),
    held("hard-link-to-a-file", Rule::NoHardLinks, |stage| {
        stage.admitted(archive(&[file("solution", b"x"), hard_link("twin", "solution")]))
    }),
    held("hard-link-to-the-hosts-files", Rule::NoHardLinks, |stage| {
        stage.admitted(archive(&[hard_link("twin", "/etc/shadow")]))
    }),
    held("character-device-in-a-bundle", Rule::NoSpecialFiles, |stage| {
        stage.admitted(archive(&[entry("mem", b'3', "", b"")]))
    }),
    held("block-device-in-a-bundle", Rule::NoSpecialFiles, |stage| {
        stage.admitted(archive(&[entry("disk", b'4', "", b"")]))
    }),
    held("pipe-in-a-bundle", Rule::NoSpecialFiles, |stage| {
        stage.admitted(archive(&[entry("pipe", b'6', "", b"")]))
    }),
    held("entry-of-an-unknown-type", Rule::NoSpecialFiles, |stage| {
        stage.admitted(archive(&[entry("socket", b's', "", b"")]))
    }),
    held("an-archive-behind-the-archive", Rule::NothingAfterEnd, |stage| {
        let mut twice = archive(&[file("solution", b"for the reader")]);
        twice.extend(archive(&[file("solution", b"for another reader")]));
        stage.admitted(twice)
    }),
    held("sparse-file-in-a-bundle", Rule::KnownExtensions, |stage| {
        stage.admitted(archive(&[
            pax(&[("GNU.sparse.realsize", "1099511627776")]),
            file("sparse", b"x"),
        ]))
    }),
    bounded("bundle-of-empty-files", Bound::Entries, |stage| {
        let many: Vec<Vec<u8>> = (0..66_000).map(|number| file(&format!("{number}"), b"")).collect();
        stage.admitted(archive(&many))
    }),
    bounded("bundle-of-directories-nobody-named", Bound::Entries, |stage| {
        let quota = Quota {
            entries: 1000,
            ..Quota::project()
        };
        let deep: Vec<Vec<u8>> = (0..30)
            .map(|number| file(&format!("{number}{}/x", "/d".repeat(45)), b""))
            .collect();
        stage.admitted_under(quota, archive(&deep))
    }),
    bounded("bundle-without-end", Bound::Bytes, |stage| {
        let quota = Quota {
            bytes: 1 << 20,
            ..Quota::project()
        };
        stage.admitted_under(quota, archive(&[file("large", &vec![7; 2 << 20])]))
    }),
    bounded("overlong-path", Bound::PathLength, |stage| {
        let path = vec!["directory-with-a-name-of-this-length"; 40].join("/");
        stage.admitted(archive(&[pax(&[("path", &path)]), file("short", b"x")]))
    }),
    bounded("path-without-bottom", Bound::Depth, |stage| {
        stage.admitted(archive(&[
            pax(&[("path", &vec!["d"; 100].join("/"))]),
            file("short", b"x"),
        ]))
    }),
    bounded("gzip-bomb", Bound::Ratio, |stage| {
        stage.admitted(gzip(&archive(&[file("bomb", &vec![0; 16 << 20])])))
    }),
    bounded("zstandard-bomb", Bound::Ratio, |stage| {
        stage.admitted(forge::zstandard(&archive(&[file("bomb", &vec![0; 64 << 20])])))
    }),
];

/// Held by a rule of the reader.
const fn held(name: &'static str, by: Rule, run: fn(&Stage) -> Attempted) -> Attack {
    rule(name, Class::Archive, Protection::Content(by), REFUSED, run)
}

/// Held by a quota.
const fn bounded(name: &'static str, by: Bound, run: fn(&Stage) -> Attempted) -> Attack {
    rule(name, Class::Archive, Protection::Bound(by), REFUSED, run)
}
