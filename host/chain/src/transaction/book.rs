//! What a key has signed: every number with all that was offered under it. Pure.
//!
//! A number is never given twice to different calls while one of them may still be mined: what is signed once stays
//! under its number, is offered again when the pools forget it, and is only ever replaced by the same call with higher
//! fees. So whichever of a number's transactions is mined, it is the one that was asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use alloy::primitives::{B256, Bytes};
use serde::{Deserialize, Serialize};

use super::{Call, Fees};

/// Numbers kept below the mined ones: their blocks may be reorganised away, and then they are offered again.
const RETAINED: u64 = 64;

/// Most transactions of an account that may wait at a time. Numbers further above the mined ones are nobody's: an
/// endpoint that tells of them lies, and filling the way to them would burn the account.
pub(super) const REACH: u64 = 64;

/// Blocks that have to pass an offer over before more is offered.
const PASSED_OVER: u64 = 2;

/// Signed bytes under a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) hash: B256,
    pub(super) raw: Bytes,
    pub(super) fees: Fees,
}

/// A call and everything that was signed for it, the dearest last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) call: Call,
    pub(super) gas_limit: u64,
    pub(super) offers: Vec<Offer>,
}

/// Every number of the key that may still matter.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    entries: BTreeMap<u64, Entry>,
    /// When a number's newest offer was made, and when it was last sent. Not kept over a restart.
    times: BTreeMap<u64, Times>,
    /// How many wait for a number's transaction now. What nobody waits for may be taken up by who wants the same.
    attended: BTreeMap<u64, u32>,
    /// Numbers of which nobody is owed an answer: somebody was told how they ended, or they are of an earlier life.
    answered: BTreeSet<u64>,
    /// How many of the account's transactions were in blocks when that was believed last.
    mined: Option<u64>,
    /// How high the chain was at the last look.
    height: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    made: Instant,
    sent: Instant,
    /// The chain's height at the first look after the offer was made.
    height: Option<u64>,
}

impl Times {
    fn at(now: Instant) -> Self {
        Self {
            made: now,
            sent: now,
            height: None,
        }
    }
}

/// When two calls count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sameness {
    /// In every respect.
    Whole,
    /// They ask the same of the same contract, whatever is paid along: what is asked for once has a price that moves.
    Asked,
}

impl Sameness {
    fn holds(self, one: &Call, other: &Call) -> bool {
        match self {
            Self::Whole => one == other,
            Self::Asked => one.to == other.to && one.data == other.data,
        }
    }
}

/// What was signed before for a call that is asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Earlier {
    pub(super) number: u64,
    pub(super) newest: B256,
    pub(super) hashes: Vec<B256>,
    pub(super) is_attended: bool,
    /// Whether nobody is owed an answer about it.
    pub(super) is_answered: bool,
}

/// What a number needs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The newest offer is sent again.
    Reminder(u64),
    /// The same call is offered with higher fees.
    Raise(u64),
    /// Nobody has a transaction with this number, and those above wait for it.
    Filling(u64),
}

impl Book {
    pub(super) fn restored(entries: BTreeMap<u64, Entry>, now: Instant) -> Self {
        let times = entries.keys().map(|number| (*number, Times::at(now)));
        Self {
            times: times.collect(),
            answered: entries.keys().copied().collect(),
            entries,
            ..Self::default()
        }
    }

    pub(super) fn entries(&self) -> &BTreeMap<u64, Entry> {
        &self.entries
    }

    pub(super) fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(&number)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number after the highest.
    pub(super) fn next(&self) -> Option<u64> {
        self.entries
            .last_key_value()
            .map(|(number, _)| number.saturating_add(1))
    }

    /// Takes in what was signed. The call under a number that has one already stays the same.
    pub(super) fn sign(&mut self, number: u64, call: &Call, gas_limit: u64, offer: Offer, now: Instant) {
        let fresh = || Entry {
            call: call.clone(),
            gas_limit,
            offers: Vec::new(),
        };
        let entry = self.entries.entry(number).or_insert_with(fresh);
        if entry.call == *call {
            entry.offers.push(offer);
            self.times.insert(number, Times::at(now));
        }
    }

    /// Forgets an offer that could not be written down, and so was not sent.
    pub(super) fn retract(&mut self, number: u64, hash: B256) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.offers.retain(|offer| offer.hash != hash);
            if entry.offers.is_empty() {
                self.withdraw(number);
            }
        }
    }

    /// Forgets a number that no node has taken.
    pub(super) fn withdraw(&mut self, number: u64) {
        self.entries.remove(&number);
        self.times.remove(&number);
        self.attended.remove(&number);
        self.answered.remove(&number);
    }

    /// Somebody is told how the transaction ended.
    pub(super) fn answer(&mut self, hash: B256) {
        if let Some((number, _)) = self.siblings(hash) {
            self.answered.insert(number);
        }
    }

    /// Somebody waits for a number's transaction from now on.
    pub(super) fn attend(&mut self, number: u64) {
        let waiting = self.attended.entry(number).or_default();
        *waiting = waiting.saturating_add(1);
    }

    /// Somebody waits for it no more.
    pub(super) fn leave(&mut self, number: u64) {
        if let Some(waiting) = self.attended.get_mut(&number) {
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                self.attended.remove(&number);
            }
        }
    }

    /// What was signed for the same call, the newest first: its number, its transactions, and whether somebody waits for
    /// them. Numbers out of reach are left out, since they are never sent.
    pub(super) fn alike(&self, call: &Call, sameness: Sameness, mined: u64) -> Vec<Earlier> {
        let reachable = self.entries.range(..mined.saturating_add(REACH)).rev();
        let alike = reachable.filter(|(_, entry)| sameness.holds(&entry.call, call));
        let earlier = alike.filter_map(|(number, entry)| {
            Some(Earlier {
                number: *number,
                newest: entry.offers.last()?.hash,
                hashes: entry.offers.iter().map(|offer| offer.hash).collect(),
                is_attended: self.attended.contains_key(number),
                is_answered: self.answered.contains(number),
            })
        });
        earlier.collect()
    }

    pub(super) fn has_alike(&self, call: &Call, sameness: Sameness) -> bool {
        self.entries.values().any(|entry| sameness.holds(&entry.call, call))
    }

    /// Takes in how high the chain is, for the offers that were made since the last look.
    pub(super) fn see_height(&mut self, height: u64) {
        self.height = Some(height);
        for times in self.times.values_mut() {
            times.height.get_or_insert(height);
        }
    }

    /// Whether blocks were made since a number's newest offer that could have taken it. A chain that stands still takes
    /// no higher offer either, and the one that ends the wait would be paid.
    fn was_passed_over(&self, number: u64) -> bool {
        let offered = self.times.get(&number).and_then(|times| times.height);
        let passed = offered
            .zip(self.height)
            .map(|(offered, height)| height.saturating_sub(offered));
        passed.is_some_and(|passed| passed >= PASSED_OVER)
    }

    pub(super) fn sent(&mut self, number: u64, now: Instant) {
        if let Some(times) = self.times.get_mut(&number) {
            times.sent = now;
        }
    }

    /// Leaves the newest offer as it is for another while.
    pub(super) fn postpone(&mut self, number: u64, now: Instant) {
        if let Some(times) = self.times.get_mut(&number) {
            times.made = now;
        }
    }

    /// Whether a count of mined transactions follows on the last one. Blocks may be taken back, so it may be less.
    pub(super) fn expects(&self, mined: u64) -> bool {
        self.mined.is_some_and(|last| mined <= last.saturating_add(REACH))
    }

    /// Takes a believed count in, and forgets what is too deep in the chain to come back.
    pub(super) fn believe(&mut self, mined: u64) {
        // What one count alone says is deep may be a leap of an endpoint's.
        let deep = self.mined.replace(mined).unwrap_or_default().min(mined);
        let kept = deep.saturating_sub(RETAINED);
        self.entries = self.entries.split_off(&kept);
        self.times = self.times.split_off(&kept);
        self.attended = self.attended.split_off(&kept);
        self.answered = self.answered.split_off(&kept);
    }

    /// The number under which a transaction was signed, and all that stand under it.
    pub(super) fn siblings(&self, hash: B256) -> Option<(u64, Vec<B256>)> {
        let (number, entry) = self
            .entries
            .iter()
            .find(|(_, entry)| entry.offers.iter().any(|offer| offer.hash == hash))?;
        Some((*number, entry.offers.iter().map(|offer| offer.hash).collect()))
    }

    /// Whether anything is not in a block yet.
    pub(super) fn waits(&self, mined: u64) -> bool {
        self.entries.range(mined..).next().is_some()
    }

    /// The number for a new call, where `known` is the first that the pools lack: a hole below what is signed already,
    /// else the number above all.
    pub(super) fn number_for_a_new_call(&self, known: u64) -> u64 {
        let next = self.next().unwrap_or(known).max(known);
        (known..next)
            .find(|number| !self.entries.contains_key(number))
            .unwrap_or(next)
    }

    /// What to do for the numbers that wait: `mined` are in blocks, `known` is the first that the pools lack.
    pub(super) fn needs(&self, mined: u64, known: u64, now: Instant, rules: Rhythm) -> Vec<Need> {
        let mut needs = Vec::new();
        let within = mined..mined.saturating_add(REACH);
        let waiting = self.entries.range(within).map(|(number, _)| *number);
        if let Some(first) = waiting.clone().next() {
            let age = self.age(first, now, |times| times.made);
            let hole = mined.max(known.min(first));
            if hole < first && age >= rules.raise_after {
                needs.push(Need::Filling(hole));
            }
        }
        for number in waiting {
            let is_old = self.age(number, now, |times| times.made) >= rules.raise_after;
            if number == mined && is_old && self.was_passed_over(number) {
                needs.push(Need::Raise(number));
            } else if number >= known || self.age(number, now, |times| times.sent) >= rules.remind_after {
                needs.push(Need::Reminder(number));
            }
        }
        needs
    }

    fn age(&self, number: u64, now: Instant, of: impl Fn(&Times) -> Instant) -> Duration {
        self.times
            .get(&number)
            .map_or(Duration::MAX, |times| now.duration_since(of(times)))
    }
}

/// When to become impatient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    /// Until the same bytes are sent again though the pools may have them.
    pub(super) remind_after: Duration,
    /// Until the transaction that is next in line is offered with higher fees.
    pub(super) raise_after: Duration,
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, U256};
    use proptest::prelude::*;

    use super::*;

    const RHYTHM: Rhythm = Rhythm {
        remind_after: Duration::from_secs(10),
        raise_after: Duration::from_secs(30),
    };

    fn call(number: u64) -> Call {
        Call {
            to: Address::ZERO,
            value: U256::from(number),
            data: Bytes::new(),
        }
    }

    fn offer(number: u64, version: u8) -> Offer {
        let mut hash = B256::from(U256::from(number));
        hash.0[0] = version;
        Offer {
            hash,
            raw: Bytes::new(),
            fees: Fees { tip: 1, total: 1 },
        }
    }

    fn book(numbers: &[u64], now: Instant) -> Book {
        let mut book = Book::default();
        for number in numbers {
            book.sign(*number, &call(*number), 21_000, offer(*number, 0), now);
        }
        book
    }

    #[test]
    fn what_the_pools_forgot_is_sent_again_and_what_they_have_is_left_alone() {
        let now = Instant::now();
        assert_eq!(book(&[5, 6], now).needs(5, 6, now, RHYTHM), [Need::Reminder(6)]);
    }

    #[test]
    fn only_the_next_in_line_is_replaced() {
        let now = Instant::now();
        let late = now + RHYTHM.raise_after;
        let mut book = book(&[5, 6], now);
        book.see_height(100);
        let stands_still = book.needs(5, 7, late, RHYTHM);
        assert_eq!(stands_still, [Need::Reminder(5), Need::Reminder(6)]);
        book.see_height(102);
        assert_eq!(book.needs(5, 7, late, RHYTHM), [Need::Raise(5), Need::Reminder(6)]);
    }

    #[test]
    fn a_hole_that_nobody_fills_is_filled_in_the_end() {
        let now = Instant::now();
        let book = book(&[7], now);
        assert_eq!(book.needs(5, 5, now, RHYTHM), [Need::Reminder(7)]);
        let late = now + RHYTHM.raise_after;
        assert!(book.needs(5, 5, late, RHYTHM).contains(&Need::Filling(5)));
        assert!(
            book.needs(5, 6, late, RHYTHM).contains(&Need::Filling(6)),
            "another's 5 waits in the pool"
        );
        assert!(!book.needs(7, 7, late, RHYTHM).contains(&Need::Filling(7)));
    }

    #[test]
    fn the_way_to_an_absurd_number_is_not_filled() {
        let now = Instant::now();
        let absurd = book(&[1 << 40], now);
        assert_eq!(absurd.needs(5, 5, now + RHYTHM.raise_after, RHYTHM), []);
        assert_eq!(absurd.number_for_a_new_call(5), 5);
    }

    #[test]
    fn a_count_is_expected_near_the_last_one_only() {
        let mut book = Book::default();
        assert!(!book.expects(5), "nothing is known yet");
        book.believe(5);
        assert!(book.expects(4) && book.expects(5 + REACH));
        assert!(!book.expects(6 + REACH));
    }

    #[test]
    fn one_count_that_leaps_makes_nothing_forgotten() {
        let mut book = book(&[5, 6], Instant::now());
        for count in [1 << 40, 5] {
            book.believe(count);
        }
        assert!(book.waits(5) && book.entry(6).is_some());
    }

    #[test]
    fn more_is_offered_only_once_blocks_have_passed_an_offer_over() {
        let mut book = book(&[5], Instant::now());
        assert!(!book.was_passed_over(5), "nobody has looked yet");
        for (height, passed_over) in [(100, false), (101, false), (102, true), (99, false), (103, true)] {
            book.see_height(height);
            assert_eq!(book.was_passed_over(5), passed_over, "at {height}");
        }
    }

    #[test]
    fn an_offer_that_was_not_written_down_leaves_its_number_as_it_was() {
        let now = Instant::now();
        let mut book = book(&[5], now);
        let before = book.entries().clone();
        book.sign(5, &call(5), 21_000, offer(5, 1), now);
        book.retract(5, offer(5, 1).hash);
        book.sign(6, &call(6), 21_000, offer(6, 0), now);
        book.retract(6, offer(6, 0).hash);
        assert_eq!(*book.entries(), before);
    }

    #[test]
    fn the_same_at_another_price_is_alike_where_only_what_is_asked_counts() {
        let book = book(&[5], Instant::now());
        let dearer = call(6);
        assert!(!book.has_alike(&dearer, Sameness::Whole) && book.has_alike(&dearer, Sameness::Asked));
        let elsewhere = Call {
            to: Address::repeat_byte(1),
            ..dearer
        };
        assert!(!book.has_alike(&elsewhere, Sameness::Asked));
    }

    #[test]
    fn whoever_sent_it_is_owed_an_answer_in_the_life_that_signed_it() {
        let now = Instant::now();
        let mut book = book(&[5, 6], now);
        let answered = |book: &Book, number| book.alike(&call(number), Sameness::Whole, 7)[0].is_answered;
        assert!(!answered(&book, 5));
        book.answer(offer(5, 0).hash);
        assert!(answered(&book, 5) && !answered(&book, 6));
        let next_life = Book::restored(book.entries().clone(), now);
        assert!(answered(&next_life, 6));
    }

    #[test]
    fn all_hashes_of_a_number_are_found_by_any_of_them() {
        let now = Instant::now();
        let mut book = book(&[5], now);
        book.sign(5, &call(5), 21_000, offer(5, 1), now);
        let (number, hashes) = book.siblings(offer(5, 0).hash).unwrap();
        assert_eq!((number, hashes.len()), (5, 2));
        assert_eq!(book.siblings(offer(5, 1).hash).unwrap().1, hashes);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Send,
        Replace(u64),
        Mine(u64),
        Reorganise(u64),
        PoolForgets(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Send),
            1 => (0_u64..4).prop_map(Step::Replace),
            2 => (1_u64..4).prop_map(Step::Mine),
            1 => (1_u64..4).prop_map(Step::Reorganise),
            1 => (0_u64..4).prop_map(Step::PoolForgets),
        ]
    }

    proptest! {
        /// Whatever mines, reorganises and forgets: no number stands for two calls, no number is left out, and what is
        /// not in a block is asked for again.
        #[test]
        fn no_number_is_given_twice_or_left_out(steps in proptest::collection::vec(step(), 1..60)) {
            let now = Instant::now();
            let mut book = Book::default();
            let mut given: BTreeMap<u64, Call> = BTreeMap::new();
            let (mut mined, mut known, mut sends) = (0_u64, 0_u64, 0_u64);
            for step in steps {
                match step {
                    Step::Send => {
                        book.believe(mined);
                        let number = book.number_for_a_new_call(known);
                        prop_assert!(!given.contains_key(&number), "{number} was given before");
                        sends += 1;
                        given.insert(number, call(sends));
                        book.sign(number, &call(sends), 21_000, offer(number, 0), now);
                        known = book.number_for_a_new_call(known.min(number)).max(known);
                    }
                    Step::Replace(back) => {
                        let number = book.next().unwrap_or(0).saturating_sub(back + 1);
                        // Another call under a number that has one is not taken in.
                        let before = book.entry(number).cloned();
                        if before.is_some() {
                            book.sign(number, &call(u64::MAX), 21_000, offer(number, 9), now);
                        }
                        prop_assert_eq!(book.entry(number).cloned(), before);
                    }
                    Step::Mine(count) => mined = (mined + count).min(known),
                    Step::Reorganise(depth) => mined = mined.saturating_sub(depth),
                    Step::PoolForgets(left) => known = mined.max(known.saturating_sub(left)),
                }
                known = known.max(mined);
                let needs = book.needs(mined, known, now, RHYTHM);
                for number in known..book.next().unwrap_or(0) {
                    prop_assert!(needs.contains(&Need::Reminder(number)), "{number} is not offered again");
                }
            }
            let numbers: Vec<u64> = given.keys().copied().collect();
            prop_assert_eq!(numbers, (0..sends).collect::<Vec<_>>());
        }
    }
}
