//! Statement -> signature -> key -> envelope -> challenge.

use super::{Check, equal, fail, pass};
use crate::file::Receipt;
use crate::signature::address_of_sec1;
use alloy_primitives::Address;
use orv_evidence::{Context, Envelope, VERDICT_KEY, challenge};
use orv_protocol::PlatformTier;

/// The statement was signed by the key in the envelope.
pub(super) fn signature(receipt: &Receipt) -> Check {
    const NAME: &str = "signature";
    let hash = receipt.run.signing_hash(&receipt.domain);
    let signer = match receipt.signature.recover(&hash) {
        Ok(signer) => signer,
        Err(error) => return fail(NAME, error),
    };
    match Envelope::decode(&receipt.envelope)
        .ok()
        .and_then(|envelope| address_of_sec1(&envelope.public_key))
    {
        Some(endorsed) if endorsed == signer => pass(NAME, format!("the statement is signed by {signer}")),
        Some(endorsed) => fail(NAME, format!("signed by {signer}, the evidence endorses {endorsed}")),
        None => fail(NAME, "the evidence endorses no key"),
    }
}

/// The envelope endorses that key for this chain, registry and gateway, and answers a challenge made of a block.
pub(super) fn key(receipt: &Receipt) -> Vec<Check> {
    let envelope = match Envelope::decode(&receipt.envelope) {
        Ok(envelope) => envelope,
        Err(error) => return vec![fail("key-binding", error)],
    };
    let context = match Context::decode(&envelope.context) {
        Ok(context) => context,
        Err(error) => return vec![fail("key-binding", error)],
    };
    vec![
        purpose(receipt, &envelope, &context),
        tier(receipt, &envelope),
        challenge_is_of_the_block(receipt, &envelope, &context),
    ]
}

/// A simulated platform says that it is one; a real one never does.
fn tier(receipt: &Receipt, envelope: &Envelope) -> Check {
    const NAME: &str = "platform-tier";
    let tier = receipt.run.platform_tier;
    if (tier == u8::from(PlatformTier::Simulated)) == envelope.platform.is_simulated() {
        pass(NAME, format!("tier {tier} on {}", envelope.platform))
    } else {
        fail(
            NAME,
            format!(
                "the statement claims tier {tier}, the evidence is of {}",
                envelope.platform
            ),
        )
    }
}

fn purpose(receipt: &Receipt, envelope: &Envelope, context: &Context) -> Check {
    const NAME: &str = "key-binding";
    if envelope.purpose != VERDICT_KEY {
        return fail(NAME, format!("the key is endorsed for {:?}", envelope.purpose));
    }
    if context.chain_id != receipt.domain.chain_id {
        let (key, statement) = (context.chain_id, receipt.domain.chain_id);
        return fail(
            NAME,
            format!("the key is for chain {key}, the statement for {statement}"),
        );
    }
    equal(
        NAME,
        "gateway of key and statement",
        &receipt.domain.gateway,
        &Address::from(context.gateway),
    )
}

fn challenge_is_of_the_block(receipt: &Receipt, envelope: &Envelope, context: &Context) -> Check {
    const NAME: &str = "challenge";
    let block = receipt.challenge_block;
    let expected = challenge(
        context.chain_id,
        context.registry,
        context.operator,
        block.number,
        block.hash.0,
    );
    if expected == envelope.challenge {
        pass(
            NAME,
            format!("the evidence is no older than block {} ({})", block.number, block.hash),
        )
    } else {
        fail(
            NAME,
            format!(
                "the evidence answers another challenge than block {} makes",
                block.number
            ),
        )
    }
}
