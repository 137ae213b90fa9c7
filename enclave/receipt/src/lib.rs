//! The statement that is signed, the receipt file, and how both are checked.
