//! Publishes a project: bundles, baseline, transaction.
