//! An orderly end.

use crate::fake::Script;
use crate::network::{Network, only};
use crate::stop_at::StopAt;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::State;
use orv_verifier::{Controls, Daemon, Phase};
use std::time::Duration;

on_both_chains!(the_first_stop_lets_a_run_finish_and_the_second_hands_it_back,);

async fn the_first_stop_lets_a_run_finish_and_the_second_hands_it_back(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Silence);
    network.submit().await;
    let stop = StopAt::new(State::Running, Controls::stop);
    let working = tokio::spawn(Daemon::work(stop.orders(network.config())));
    while stop.controls.phase() == Phase::Work {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!working.is_finished(), "the run is given its time");
    stop.controls.stop();
    let summary = working.await.unwrap().unwrap();
    assert_eq!(only(&summary).state, State::TicketOpen);
    assert_eq!(*stop.told.lock().unwrap(), ["ORV-V-071"]);
}
