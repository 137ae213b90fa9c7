//! What carries an enclave's statements out: tickets, turn, threshold, pot (`contracts/src/gateway`, DESIGN 5.2).

use alloy::sol;

sol!(
    #[sol(rpc, all_derives)]
    SharedProjects,
    "artifacts/SharedProjects.json"
);
sol!(
    #[sol(rpc, all_derives)]
    VerifierGateway,
    "artifacts/VerifierGateway.json"
);
