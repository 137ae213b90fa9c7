//! Faults out of a seed. Pure.

use std::collections::HashMap;

use alloy::primitives::Address;

use super::fault::RpcFault;

/// Which faults come how often, and the seed that they are drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    seed: u64,
    chances: Vec<(RpcFault, u16)>,
    hidden: Option<Address>,
}

impl Plan {
    /// An honest node.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            chances: Vec::new(),
            hidden: None,
        }
    }

    /// The same plan with a fault that befalls so many of a thousand calls that it concerns.
    #[must_use]
    pub fn with(mut self, fault: RpcFault, per_thousand: u16) -> Self {
        self.chances.push((fault, per_thousand));
        self
    }

    /// The same plan, by which no transaction to this contract is shown, nor its receipt, however often it is asked for.
    /// Nothing of this is drawn.
    #[must_use]
    pub fn hiding(mut self, contract: Address) -> Self {
        self.hidden = Some(contract);
        self
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// A call's fate, and numbers to shape it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) fault: RpcFault,
    pub(super) shape: u64,
}

/// Draws one fault for each call.
#[derive(Debug)]
pub(super) struct Draws {
    plan: Plan,
    calls: HashMap<String, u64>,
}

impl Draws {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            calls: HashMap::new(),
        }
    }

    pub(super) fn set(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// The contract whose transactions are never shown.
    pub(super) fn hidden(&self) -> Option<Address> {
        self.plan.hidden
    }

    /// The fate of the next call of a method: at most one fault. Answers the call's number among the method's as well.
    pub(super) fn next(&mut self, method: &str, asks_for_the_newest: bool) -> (u64, Option<Drawn>) {
        let count = self.calls.entry(method.to_owned()).or_default();
        *count += 1;
        let number = *count;
        let name = method
            .bytes()
            .fold(self.plan.seed, |state, byte| mix(state ^ u64::from(byte)));
        let mut state = mix(name ^ number);
        let mut concerned = self.plan.chances.iter();
        let befalls = concerned.find(|(fault, per_thousand)| {
            state = mix(state);
            fault.concerns(method, asks_for_the_newest) && state % 1000 < u64::from(*per_thousand)
        });
        let drawn = befalls.map(|(fault, _)| Drawn {
            fault: *fault,
            shape: mix(state ^ 1),
        });
        (number, drawn)
    }
}

/// SplitMix64's step.
pub(super) fn mix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(seed: u64) -> Vec<Option<Drawn>> {
        let plan = Plan::new(seed).with(RpcFault::Refuse, 300).with(RpcFault::OmitLog, 300);
        let mut draws = Draws::new(plan);
        (0..200).map(|_| draws.next("eth_getLogs", false).1).collect()
    }

    #[test]
    fn a_seed_repeats_its_faults_and_another_does_not() {
        assert_eq!(fates(7), fates(7));
        assert_ne!(fates(7), fates(8));
        let befallen = fates(7).iter().flatten().count();
        assert!((60..150).contains(&befallen), "{befallen} of 200");
    }

    #[test]
    fn a_fault_befalls_only_what_it_concerns() {
        let mut draws = Draws::new(Plan::new(1).with(RpcFault::HideReceipt, 1000));
        assert_eq!(draws.next("eth_getLogs", false).1, None);
        assert!(draws.next("eth_getTransactionReceipt", false).1.is_some());
    }
}
