//! A writer of enclave image files that can also write wrong ones.

/// Kinds of sections.
pub const KERNEL: u16 = 1;
pub const COMMAND_LINE: u16 = 2;
pub const RAMDISK: u16 = 3;
pub const SIGNATURE: u16 = 4;
pub const METADATA: u16 = 5;

/// Where the header keeps what a test bends.
pub const VERSION_AT: usize = 4;
pub const COUNT_AT: usize = 26;
pub const OFFSETS_AT: usize = 28;
pub const SIZES_AT: usize = 284;
pub const LENGTH: usize = 548;

/// A file of these sections, with a right checksum.
pub fn image(sections: &[(u16, &[u8])]) -> Vec<u8> {
    let mut header = b".eif\0\x04\0\0".to_vec();
    header.extend((1_u64 << 30).to_be_bytes());
    header.extend(2_u64.to_be_bytes());
    header.extend(0_u16.to_be_bytes());
    header.extend(u16::try_from(sections.len()).unwrap().to_be_bytes());
    let mut body = Vec::new();
    let (mut offsets, mut sizes) = ([0_u64; 32], [0_u64; 32]);
    for (index, (kind, data)) in sections.iter().enumerate() {
        offsets[index] = (LENGTH + body.len()) as u64;
        sizes[index] = data.len() as u64;
        body.extend(kind.to_be_bytes());
        body.extend(0_u16.to_be_bytes());
        body.extend((data.len() as u64).to_be_bytes());
        body.extend(*data);
    }
    header.extend(offsets.iter().chain(&sizes).flat_map(|field| field.to_be_bytes()));
    header.extend([0; 8]);
    header.extend(body);
    sealed(header)
}

/// An ordinary image: kernel, command line, metadata, ramdisks.
pub fn ordinary() -> Vec<u8> {
    image(&[
        (KERNEL, b"the kernel"),
        (COMMAND_LINE, b"console=ttyS0"),
        (METADATA, b"{}"),
        (RAMDISK, b"init"),
        (RAMDISK, b"application"),
    ])
}

/// The file with its checksum made right again.
pub fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&file[..LENGTH - 4]);
    hasher.update(&file[LENGTH..]);
    file[LENGTH - 4..LENGTH].copy_from_slice(&hasher.finalize().to_be_bytes());
    file
}

/// A signature section: one map of a certificate (PEM text) and a signature, each an array of numbers as serde has it.
pub fn signature(certificate: &[u8]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.array(1).unwrap().map(2).unwrap();
    for (key, value) in [("signing_certificate", certificate), ("signature", b"COSE".as_slice())] {
        encoder.str(key).unwrap().array(value.len() as u64).unwrap();
        for byte in value {
            encoder.u8(*byte).unwrap();
        }
    }
    encoder.into_writer()
}

/// DER as PEM text.
pub fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
