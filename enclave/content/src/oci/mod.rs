//! OCI image layouts inside a tree.
