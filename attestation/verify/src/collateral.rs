/// What the vendor publishes beside the evidence.
///
/// A Nitro document carries its whole chain, so [`Collateral::None`] is all there is until TDX and SEV-SNP are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Collateral {
    /// Nothing beside the evidence.
    #[default]
    None,
}
