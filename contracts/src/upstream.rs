//! The OpenResearch protocol: projects, their tokens, proposals, the allow-list of verifiers
//! (`contracts/src/upstream`, reference 1.2 to 1.5).

use alloy::sol;

sol!(
    #[sol(rpc, all_derives)]
    ProjectRegistry,
    "artifacts/ProjectRegistry.json"
);
sol!(
    #[sol(rpc, all_derives)]
    ProjectToken,
    "artifacts/ProjectToken.json"
);
sol!(
    #[sol(rpc, all_derives)]
    ProposalLedger,
    "artifacts/ProposalLedger.json"
);
sol!(
    #[sol(rpc, all_derives)]
    VerifierRegistry,
    "artifacts/VerifierRegistry.json"
);
