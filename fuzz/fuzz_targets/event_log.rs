//! Event logs of confidential guests.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_measure::tdx::EventLog;

fuzz_target!(|data: &[u8]| {
    if let Ok(log) = EventLog::parse(data) {
        let _ = log.replay();
        let _ = log.events().iter().filter(|event| event.is_digest_of_its_data()).count();
    }
});
