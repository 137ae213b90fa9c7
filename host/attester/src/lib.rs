//! Checks a candidate key's evidence by policy and signs its admission.
