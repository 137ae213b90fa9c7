//! Evidence, collateral, time and policy in; claims or a typed error out.
