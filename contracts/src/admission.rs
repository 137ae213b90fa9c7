//! Which enclave keys count: measured programs, attesters, admitted keys (`contracts/src/admission`, DESIGN 5.2).

use alloy::sol;

sol!(
    #[sol(rpc, all_derives)]
    AttesterQuorum,
    "artifacts/AttesterQuorum.json"
);
sol!(
    #[sol(rpc, all_derives)]
    EnclaveRegistry,
    "artifacts/EnclaveRegistry.json"
);
sol!(
    #[sol(rpc, all_derives)]
    MeasurementPolicy,
    "artifacts/MeasurementPolicy.json"
);
