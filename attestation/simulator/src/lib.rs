//! A software vendor whose evidence has the real formats and its own root; never accepted by default.
