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

/// What an attester signs: the admission with the challenge that its evidence carries.
///
/// EIP-712 domain: name `orv`, version `1`, the chain's id, the [`AttesterQuorum`] as verifying contract.
pub mod signed {
    alloy::sol! {
        #[sol(all_derives)]
        struct Admission {
            address key;
            address operator;
            bytes32 platform;
            bytes32 measurement;
            bytes32 evidenceRoot;
            uint64 challengeBlock;
            uint64 expiresAt;
            uint32 verdicts;
            uint8 platformTier;
            bytes32 challenge;
        }
    }
}
