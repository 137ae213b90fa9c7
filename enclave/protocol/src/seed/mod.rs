//! What a trial's randomness is seeded with.

mod fiat_shamir;

use orv_content::{Sha256, Sha256Hasher};

use crate::weakened::{Rule, holds};

pub use fiat_shamir::{FiatShamir, SeedError, SeedVariable, UPSTREAM_VARIABLE, fiat_shamir, seed_variable};

/// The seed that nobody knows before the trial (DESIGN 5.5):
/// `SHA-256("orv/seed/v1" || tree hash || ticket || secret)`, each 32 bytes.
///
/// The tree hash is that of the composed tree, the ticket the attempt's on the gateway, the secret the enclave's, which
/// the receipt reveals. A miner knows only the first before it submits, an operator only the first two.
///
/// ```
/// use orv_content::Sha256;
/// use orv_protocol::seed::trial_seed;
/// let seed = trial_seed(&Sha256([1; 32]), &[2; 32], &[3; 32]);
/// assert_eq!(seed, Sha256::of(&[&b"orv/seed/v1"[..], &[1; 32], &[2; 32], &[3; 32]].concat()).0);
/// ```
pub fn trial_seed(tree_hash: &Sha256, ticket: &[u8; 32], secret: &[u8; 32]) -> [u8; 32] {
    let known = [0; 32];
    let drawn = [&tree_hash.0, ticket, secret].map(|part| if holds(Rule::DrawnSeed) { part } else { &known });
    let mut hasher = Sha256Hasher::new();
    hasher.update(b"orv/seed/v1");
    drawn.iter().for_each(|part| hasher.update(*part));
    hasher.finish().0
}
