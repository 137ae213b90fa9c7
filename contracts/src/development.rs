//! What only a development chain needs: stand-ins for 0G's Flow contract and its market (`contracts/src/dev`).

use alloy::sol;

sol!(
    #[sol(rpc, all_derives)]
    FixedPrice,
    "artifacts/FixedPrice.json"
);
sol!(
    #[sol(rpc, all_derives)]
    Flow,
    "artifacts/Flow.json"
);

/// `submit` as generation 1 of the storage network takes it: the file's subtrees.
pub type GenerationOneSubmit = Flow::submit_1Call;

/// `submit` as generation 3 takes it: the same, and who submits.
pub type GenerationThreeSubmit = Flow::submit_0Call;
