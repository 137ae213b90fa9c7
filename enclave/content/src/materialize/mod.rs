//! Trees and directories: writing a tree beneath a directory that nothing in it can leave, and reading a work tree.
