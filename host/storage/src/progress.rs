//! How far a transfer is, for whoever draws it.

/// What is being done with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// They come from storage nodes.
    Download,
    /// They go to storage nodes.
    Upload,
}

/// Told about a transfer as it goes. Called from several tasks at once; must return quickly.
pub trait Progress: Send + Sync {
    /// A transfer of `bytes` bytes begins.
    fn begin(&self, stage: Stage, bytes: u64);
    /// `bytes` more bytes have been transferred and checked.
    fn advance(&self, bytes: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: Stage, _bytes: u64) {}
    fn advance(&self, _bytes: u64) {}
}
