//! The disk has an end, and the cache has one before it.

use crate::fake::Script;
use crate::network::{Network, only};
use crate::stop_at::StopAt;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::State;
use orv_verifier::{Controls, Daemon, Silent};
use std::sync::Arc;

on_both_chains!(
    a_full_disk_begins_nothing_and_says_so,
    the_cache_gives_way_before_the_disk_is_full,
    the_cache_keeps_no_more_than_its_setting,
);

async fn a_full_disk_begins_nothing_and_says_so(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let mut config = network.config();
    config.pause.least_disk_bytes = u64::MAX;
    let told = StopAt::new(State::Running, Controls::hand_back);
    let summary = Daemon::once_with(told.orders(config)).await.unwrap();
    assert_eq!(only(&summary).state, State::Seen);
    assert_eq!(*told.told.lock().unwrap(), ["ORV-V-070"]);
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

async fn the_cache_gives_way_before_the_disk_is_full(kind: PeerKind) {
    let network = Network::start(kind).await;
    let config = network.config();
    let old = config.data_directory.join("cache").join("content");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::write(&old, "wanted long ago").unwrap();
    let file = std::fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap();
    assert!(old.exists(), "there is room enough");
    let mut full = config;
    full.pause.least_disk_bytes = u64::MAX;
    Daemon::once(full, Arc::new(Silent)).await.unwrap();
    assert!(!old.exists());
}

/// What the daemon stores comes into its cache, and what was there before has to go.
async fn the_cache_keeps_no_more_than_its_setting(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let mut config = network.config();
    config.cache_bytes = 1 << 30;
    let old = config.data_directory.join("cache").join("content");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::File::create(&old).unwrap().set_len(2 << 30).unwrap();
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(only(&summary).state, State::Inconclusive);
    assert!(!old.exists());
}
