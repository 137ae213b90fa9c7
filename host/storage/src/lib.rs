//! 0G Storage client and local cache.
