//! A Nitro document as the emulator gives it, read without believing it: it is not signed, and the product's verifier
//! refuses it for that.

use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use std::collections::BTreeMap;

/// What a document says.
#[derive(Debug, Default)]
pub struct Document {
    /// Name of the enclave; the emulator's own option.
    pub module: String,
    /// Registers by their number.
    pub registers: BTreeMap<u64, Vec<u8>>,
    pub public_key: Vec<u8>,
    pub user_data: Vec<u8>,
    pub nonce: Vec<u8>,
    pub signature: Vec<u8>,
}

impl Document {
    /// Reads the four parts of a COSE_Sign1 and the payload among them.
    pub fn read(bytes: &[u8]) -> Self {
        let mut decoder = Decoder::new(bytes);
        assert_eq!(decoder.array().unwrap(), Some(4), "not a COSE_Sign1");
        decoder.bytes().unwrap();
        decoder.skip().unwrap();
        let mut document = Self::payload(decoder.bytes().unwrap()).unwrap();
        document.signature = decoder.bytes().unwrap().to_vec();
        document
    }

    /// Registers 0, 1 and 2, which identify the image.
    pub fn identity(&self) -> [Vec<u8>; 3] {
        [0, 1, 2].map(|number| self.registers[&number].clone())
    }

    fn payload(bytes: &[u8]) -> Result<Self, Error> {
        let mut decoder = Decoder::new(bytes);
        let mut document = Self::default();
        for _ in 0..decoder.map()?.unwrap() {
            match decoder.str()? {
                "module_id" => document.module = decoder.str()?.to_owned(),
                "pcrs" => document.registers = registers(&mut decoder)?,
                "public_key" => document.public_key = optional(&mut decoder)?,
                "user_data" => document.user_data = optional(&mut decoder)?,
                "nonce" => document.nonce = optional(&mut decoder)?,
                _ => decoder.skip()?,
            }
        }
        Ok(document)
    }
}

fn registers(decoder: &mut Decoder<'_>) -> Result<BTreeMap<u64, Vec<u8>>, Error> {
    let count = decoder.map()?.unwrap();
    (0..count)
        .map(|_| Ok((decoder.u64()?, decoder.bytes()?.to_vec())))
        .collect()
}

fn optional(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, Error> {
    if decoder.datatype()? == Type::Null {
        decoder.null()?;
        return Ok(Vec::new());
    }
    Ok(decoder.bytes()?.to_vec())
}
