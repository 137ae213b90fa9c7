//! Submits a proposal to a project.
