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
