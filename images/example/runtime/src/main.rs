//! The example project's interpreter: one static Lua with JSON and line channels.

fn main() {}
