//! Runs one command of one bundle in one container and reports what happened.
