//! What a policy asks of an SNP report beyond what every platform has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Firmware, Octets, Product, Tcb};

/// What authentic SNP claims must meet. A list that is absent is not asked for, and the check says that it was skipped;
/// a list that is empty is met by nothing.
///
/// Debugging, a migration agent that nobody named, unknown bits of the guest policy and firmware that contradicts
/// itself have no switch: they are never acceptable.
///
/// ```
/// let text = "[snp]\nproducts = ['genoa', 'turin']\nvmpl = 0\n[snp.guest]\nsmt = 'forbidden'\n";
/// let policy = orv_verify::PolicyDocument::parse(text.as_bytes()).unwrap().policy;
/// assert_eq!(policy.snp.vmpl, Some(0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SnpPolicy {
    /// The products that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products: Option<Vec<Product>>,
    /// The least firmware for each product, met by each of REPORTED, CURRENT, COMMITTED and LAUNCH TCB. With a table, a
    /// product that is not in it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_tcb: Option<BTreeMap<Product, Tcb>>,
    /// The least version of the SNP firmware, met by the committed one: what runs may be rolled back to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_firmware: Option<Firmware>,
    /// What the guest policy must say.
    pub guest: GuestDemands,
    /// What the platform information must say.
    pub platform: PlatformDemands,
    /// REPORT_ID of each migration agent that counts. A guest that may be migrated by any other does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub migration_agents: Vec<Octets<32>>,
    /// The privilege level that the report must have been asked from, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vmpl: Option<u32>,
    /// The least GUEST_SVN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_guest_svn: Option<u32>,
    /// The values of HOST_DATA that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_data: Option<Vec<Octets<32>>>,
    /// The values of ID_KEY_DIGEST that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_key_digests: Option<Vec<Octets<48>>>,
    /// The values of AUTHOR_KEY_DIGEST that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_key_digests: Option<Vec<Octets<48>>>,
    /// The values of FAMILY_ID that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_ids: Option<Vec<Octets<16>>>,
    /// The values of IMAGE_ID that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_ids: Option<Vec<Octets<16>>>,
    /// The cloud providers (CSP id) whose loaded keys count. Says nothing about chips' own keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<String>>,
    /// The chips (CHIP_ID) that count, such as those of known operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chips: Option<Vec<Octets<64>>>,
}

/// What a policy asks of one bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// Nothing.
    #[default]
    Either,
    /// It must be set.
    Required,
    /// It must not be set.
    Forbidden,
}

/// What a policy asks of the guest policy's bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuestDemands {
    /// Simultaneous multithreading is allowed. Forbidding it keeps a sibling thread from watching (StackWarp).
    pub smt: Demand,
    /// The guest may only run on one socket.
    pub single_socket: Demand,
    /// Memory behind CXL is allowed.
    pub cxl: Demand,
    /// Memory must be encrypted with AES-256-XTS.
    pub memory_aes_256_xts: Demand,
    /// Running average power limit must be disabled.
    pub rapl_disabled: Demand,
    /// The host must not see ciphertext.
    pub ciphertext_hiding: Demand,
    /// The host must not move or swap pages.
    pub page_swap_disabled: Demand,
}

/// What a policy asks of the platform information's bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlatformDemands {
    /// Simultaneous multithreading is on.
    pub smt: Demand,
    /// Transparent memory encryption is on.
    pub tsme: Demand,
    /// The memory corrects errors.
    pub ecc: Demand,
    /// Running average power limit is disabled.
    pub rapl_disabled: Demand,
    /// The host does not see ciphertext.
    pub ciphertext_hiding: Demand,
    /// No two addresses were found to be one memory cell (BadRAM).
    pub alias_check: Demand,
}
