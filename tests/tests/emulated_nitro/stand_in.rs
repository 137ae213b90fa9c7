//! The image for TDX and SEV-SNP on a virtual machine with neither: everything but the evidence.

use crate::host;
use crate::support::images::Shipped;
use crate::support::machine::{Machine, Size};
use orv_wire::{Failure, FailureCode, Message};

#[test]
fn a_machine_without_a_provider_of_evidence_says_so_over_vsock() {
    let shipped = Shipped::of("vm");
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    let mut channel = machine.connect();
    for _ in 0..2 {
        channel.send(0, &Message::Hello(host::hello())).unwrap();
        let Message::Error(Failure { code, detail }) = channel.receive().unwrap().1 else {
            panic!("an identity without evidence")
        };
        assert_eq!(code, FailureCode::Evidence);
        assert!(
            detail.contains("ORV-E-022") && detail.contains("no provider"),
            "{detail}"
        );
    }
    let job = host::job(&mut host::Shelf::default(), host::candidate("improvement"), 1);
    channel.send(5, &Message::Job(Box::new(job))).unwrap();
    let Message::Error(refused) = channel.receive().unwrap().1 else {
        panic!("a job without an identity")
    };
    assert_eq!(refused.code, FailureCode::NoIdentity);
    assert!(machine.is_running(), "a host that asks does no harm");
}
