//! The JSON of a v3 keystore.

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Passphrase, Wallet, WalletError,
    cipher::{Cost, Derivation},
};

/// A keystore file as it stands on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    id: String,
    version: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParameters,
    #[serde(with = "hex")]
    ciphertext: [u8; 32],
    kdf: String,
    kdfparams: Value,
    #[serde(with = "hex")]
    mac: [u8; 32],
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CipherParameters {
    #[serde(with = "hex")]
    iv: [u8; 16],
}

#[derive(Deserialize)]
struct ScryptParameters {
    dklen: u32,
    n: u64,
    r: u32,
    p: u32,
    #[serde(with = "hex")]
    salt: Vec<u8>,
}

#[derive(Deserialize)]
struct Pbkdf2Parameters {
    dklen: u32,
    c: u32,
    prf: String,
    #[serde(with = "hex")]
    salt: Vec<u8>,
}

/// The random parts of a new keystore.
pub(super) struct Entropy {
    pub(super) key: Zeroizing<[u8; 32]>,
    pub(super) salt: [u8; 16],
    pub(super) iv: [u8; 16],
    pub(super) id: [u8; 16],
}

impl Document {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, WalletError> {
        let document: Self =
            serde_json::from_slice(bytes).map_err(|error| WalletError::NotAKeystore(error.to_string()))?;
        if document.version != 3 {
            return Err(WalletError::NotAKeystore(format!("version {}", document.version)));
        }
        Ok(document)
    }

    pub(super) fn seal(entropy: &Entropy, passphrase: &Passphrase, cost: Cost) -> Result<(Self, Wallet), WalletError> {
        let wallet = Wallet::from_raw_key_dangerously(&entropy.key)?;
        let derivation = cost.derivation(entropy.salt.to_vec());
        let derived = derivation.derive(passphrase)?;
        let mut ciphertext = *entropy.key;
        derived.apply(&entropy.iv, &mut ciphertext);
        let Derivation::Scrypt { n, r, p, salt } = derivation else {
            return Err(WalletError::UnacceptableDerivation("new keystores use scrypt".into()));
        };
        let document = Self {
            address: Some(wallet.address().to_checksum(None).trim_start_matches("0x").to_owned()),
            crypto: Crypto {
                cipher: "aes-128-ctr".into(),
                cipherparams: CipherParameters { iv: entropy.iv },
                ciphertext,
                kdf: "scrypt".into(),
                kdfparams: json!({"dklen": 32, "n": n, "r": r, "p": p, "salt": hex::encode(salt)}),
                mac: derived.authentication_code(&ciphertext).0,
            },
            id: uuid_text(entropy.id),
            version: 3,
        };
        Ok((document, wallet))
    }

    pub(super) fn open(&self, passphrase: &Passphrase) -> Result<Wallet, WalletError> {
        if self.crypto.cipher != "aes-128-ctr" {
            return Err(WalletError::NotAKeystore(format!("cipher {:?}", self.crypto.cipher)));
        }
        let derived = self.derivation()?.derive(passphrase)?;
        if derived.authentication_code(&self.crypto.ciphertext) != B256::from(self.crypto.mac) {
            return Err(WalletError::WrongPassphrase);
        }
        let mut key = Zeroizing::new(self.crypto.ciphertext);
        derived.apply(&self.crypto.cipherparams.iv, &mut key);
        let wallet = Wallet::from_raw_key_dangerously(&key)?;
        match self.address()? {
            Some(named) if named != wallet.address() => Err(WalletError::AddressMismatch {
                named,
                held: wallet.address(),
            }),
            _ => Ok(wallet),
        }
    }

    /// The account the file names; the field is optional in the format, with or without `0x`.
    pub(super) fn address(&self) -> Result<Option<Address>, WalletError> {
        let Some(text) = &self.address else { return Ok(None) };
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = [0_u8; 20];
        hex::decode_to_slice(digits, &mut bytes)
            .map_err(|error| WalletError::NotAKeystore(format!("address {text:?}: {error}")))?;
        Ok(Some(Address::from(bytes)))
    }

    fn derivation(&self) -> Result<Derivation, WalletError> {
        let malformed = |error: serde_json::Error| WalletError::NotAKeystore(format!("kdfparams: {error}"));
        let parameters = self.crypto.kdfparams.clone();
        let (length, derivation) = match self.crypto.kdf.as_str() {
            "scrypt" => {
                let ScryptParameters { dklen, n, r, p, salt } =
                    serde_json::from_value(parameters).map_err(malformed)?;
                (dklen, Derivation::Scrypt { n, r, p, salt })
            }
            "pbkdf2" => {
                let Pbkdf2Parameters { dklen, c, prf, salt } = serde_json::from_value(parameters).map_err(malformed)?;
                if prf != "hmac-sha256" {
                    return Err(WalletError::UnacceptableDerivation(format!("PBKDF2 with {prf:?}")));
                }
                (dklen, Derivation::Pbkdf2 { rounds: c, salt })
            }
            other => return Err(WalletError::UnacceptableDerivation(format!("{other:?}"))),
        };
        if length != 32 {
            return Err(WalletError::UnacceptableDerivation(format!(
                "a derived key of {length} bytes"
            )));
        }
        Ok(derivation)
    }
}

/// A version 4 UUID (RFC 9562 5.4) from 16 random bytes.
fn uuid_text(random: [u8; 16]) -> String {
    let number = u128::from_be_bytes(random);
    let versioned = number & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{versioned:032x}");
    let mut text = String::with_capacity(36);
    for (position, digit) in digits.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PBKDF2_VECTOR: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
        "kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;
    const SCRYPT_VECTOR: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt",
        "kdfparams":{"dklen":32,"n":262144,"r":1,"p":8,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
        "mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;

    /// The account of the key 7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d of the published vectors.
    const VECTOR_ACCOUNT: &str = "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b";

    #[test]
    fn the_published_vectors_open() {
        let passphrase = Passphrase::new("testpassword".into()).unwrap();
        for vector in [PBKDF2_VECTOR, SCRYPT_VECTOR] {
            let wallet = Document::parse(vector.as_bytes()).unwrap().open(&passphrase).unwrap();
            assert_eq!(wallet.address().to_checksum(None), VECTOR_ACCOUNT);
        }
    }

    fn entropy() -> Entropy {
        Entropy {
            key: Zeroizing::new([7; 32]),
            salt: [1; 16],
            iv: [2; 16],
            id: [0xff; 16],
        }
    }

    #[test]
    fn a_new_keystore_has_upstreams_shape() {
        let passphrase = Passphrase::new("x".into()).unwrap();
        let (document, _) = Document::seal(&entropy(), &passphrase, Cost::Light).unwrap();
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
    }

    #[test]
    fn a_keystore_that_names_another_account_is_refused() {
        let passphrase = Passphrase::new("x".into()).unwrap();
        let (mut document, _) = Document::seal(&entropy(), &passphrase, Cost::Light).unwrap();
        document.address = Some(hex::encode([9; 20]));
        assert!(matches!(
            document.open(&passphrase),
            Err(WalletError::AddressMismatch { .. })
        ));
    }

    proptest! {
        #[test]
        fn parsing_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Document::parse(&bytes);
        }
    }
}
