//! The main job, with the enclave inside the machine.

use crate::host::candidate;
use crate::support::boot::Size;
use crate::support::images::Shipped;
use crate::support::machine::Machine;
use crate::support::network::{WEAK_COUNTER, example, receipt_of};
use crate::support::observer::Recorder;
use orv_chain::ProposalStatus;
use orv_verifier::journal::{Settlement, State};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn proposals_are_judged_inside_and_the_gateway_settles_what_the_enclave_signed() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped.eif()).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    machine.stream();
    let identity = network.hire(&machine.address()).await;
    for (name, settlement, status) in [
        ("improvement", Settlement::Approved, ProposalStatus::Approved),
        ("unchanged-copy", Settlement::Rejected, ProposalStatus::Rejected),
    ] {
        let proposal = network.submit(candidate(name)).await;
        let summary = network.work(&machine.address(), Arc::new(Recorder::new())).await;
        assert_eq!(summary.failures, Vec::new(), "{name}");
        assert_eq!(
            summary.outcomes[0].state,
            State::Settled(settlement),
            "{name}: {summary:?}"
        );
        assert_eq!(network.proposal(proposal).await.status, status, "{name}");
        let receipt = receipt_of(&summary);
        assert_eq!(receipt.run.platform_tier, WEAK_COUNTER);
        assert_eq!(receipt.envelope, identity.envelope);
    }
}
