//! Bytes as hexadecimal in JSON and TOML: bare, as the vendors print theirs, or with `0x`, as the chain's are printed.

/// `0x` and 64 digits: what stands on chain.
pub(crate) mod word {
    pub(crate) mod optional {
        use serde::{Deserialize, Deserializer, Serializer};

        #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
        pub(crate) fn serialize<S: Serializer>(bytes: &Option<[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
            match bytes {
                Some(bytes) => serializer.collect_str(&format_args!("0x{}", hex::encode(bytes))),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 32]>, D::Error> {
            let Some(text) = Option::<String>::deserialize(deserializer)? else {
                return Ok(None);
            };
            let digits = text
                .strip_prefix("0x")
                .ok_or_else(|| serde::de::Error::custom("missing 0x"))?;
            let mut bytes = [0; 32];
            hex::decode_to_slice(digits, &mut bytes).map_err(serde::de::Error::custom)?;
            Ok(Some(bytes))
        }
    }
}

/// Digits alone.
pub(crate) mod bare {
    use serde::Serializer;

    pub(crate) fn serialize<S: Serializer, B: AsRef<[u8]>>(bytes: &B, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }
}

/// Digits alone, or null.
pub(crate) mod optional {
    use serde::Serializer;

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => super::bare::serialize(bytes, serializer),
            None => serializer.serialize_none(),
        }
    }
}
