//! Which vendor's bytes these are, by their first ones.

use orv_evidence::Platform;

/// Whose evidence the bytes look like. Only a first look, so that the right verifier can say what is wrong with them.
///
/// A Nitro document begins with CBOR's array of four, tagged or not; a quote with its version (3 to 5) and the number of
/// its key's type as 16-bit numbers; an SNP report with its version as a 32-bit one.
///
/// ```
/// use orv_evidence::Platform;
/// use orv_verify::recognise;
///
/// assert_eq!(recognise(&[4, 0, 2, 0, 0x81, 0, 0, 0]), Some(Platform::Tdx));
/// assert_eq!(recognise(b"a note"), None);
/// ```
pub const fn recognise(evidence: &[u8]) -> Option<Platform> {
    match evidence {
        [0x84, ..] | [0xd2, 0x84, ..] => Some(Platform::Nitro),
        [3..=5, 0, 2..=3, 0, ..] => Some(Platform::Tdx),
        [1..=16, 0, 0, 0, ..] => Some(Platform::Snp),
        _ => None,
    }
}
