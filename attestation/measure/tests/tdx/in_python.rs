//! The same registers by a program in another language, written from the specifications and from nothing else.

use crate::oracle::debian_firmware;
use crate::tdvf::{ORDINARY, firmware};
use orv_measure::tdx::{AcpiTables, FirmwareEvents, PageOrder, Tdvf};
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r#"
import hashlib, struct, sys, uuid
path, memory = sys.argv[1], int(sys.argv[2])
file = open(path, 'rb').read()
sha = lambda data: hashlib.sha384(data).digest()

at = file.rindex(uuid.UUID('e47a6535-984a-4798-865e-4685a7bf8ec2').bytes_le)
at = len(file) - struct.unpack('<I', file[at - 6:at - 2])[0]
assert file[at:at + 4] == b'TDVF'
sections = [struct.unpack_from('<IIQQII', file, at + 16 + 32 * i) for i in range(struct.unpack_from('<I', file, at + 12)[0])]

def mrtd(two_passes):
    state = hashlib.sha384()
    def add(page):
        state.update(b'MEM.PAGE.ADD'.ljust(16, b'\0') + struct.pack('<Q', page) + bytes(104))
    def extend(page, data):
        for i in range(0, 4096, 256):
            state.update(b'MR.EXTEND'.ljust(16, b'\0') + struct.pack('<Q', page + i) + bytes(104) + data[i:i + 256])
    for offset, _, address, length, _, attributes in sections:
        steps = [[], []]
        for i in range(0, length, 4096):
            if not attributes & 2: steps[0].append((i, add, (address + i,)))
            if attributes & 1: steps[1].append((i, extend, (address + i, file[offset + i:offset + i + 4096])))
        steps = steps[0] + steps[1]
        if not two_passes: steps.sort(key=lambda step: step[0])
        for _, step, arguments in steps: step(*arguments)
    return state.hexdigest()

def blocks():
    low = 0x80000000 if memory >= 0xb0000000 else memory
    edges = {0: 7, low: None}
    if memory > low: edges |= {1 << 32: 7, (1 << 32) + memory - low: None}
    for _, _, address, length, kind, _ in sections:
        if kind in (2, 3):
            if edges.get(address + length, 7) in (7,): edges.setdefault(address + length, 7)
            edges[address] = 0
    edges = sorted(edges.items())
    body = b''
    for (start, kind), (end, _) in zip(edges, edges[1:]):
        if kind is not None:
            body += struct.pack('<HHI16xIIQQ', 3, 48, 0, kind, 7, start, end - start)
    base = next(section[2] for section in sections if section[4] == 2)
    return struct.pack('<HHII4x32xQ', 1, 56, 0, 9, base + 56 + len(body) + 8) + body

def variable(vendor, name):
    return uuid.UUID(vendor).bytes_le + struct.pack('<QQ', len(name), 0) + name.encode('utf-16le')

world, security = '8be4df61-93ca-11d2-aa0d-00e098032b8c', 'd719b2cb-3d3a-4596-a3bc-dad00e67656f'
volume, menu = '7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1', '462caa21-7614-4503-836e-8ab6f4662331'
node = lambda kind, name: bytes([4, kind, 20, 0]) + uuid.UUID(name).bytes_le
devices = node(7, volume) + node(6, menu) + bytes([0x7f, 0xff, 4, 0])
option = struct.pack('<IH', 0x109, len(devices)) + 'UiApp\0'.encode('utf-16le') + devices
cfv = next(file[offset:offset + size] for offset, size, _, _, kind, _ in sections if kind == 1)
rtmr0 = bytes(48)
for data in [blocks(), cfv, *(variable(world, name) for name in ('SecureBoot', 'PK', 'KEK')), variable(security, 'db'),
        variable(security, 'dbx'), bytes(4), b'loader', b'root', b'tables', bytes(2), option]:
    rtmr0 = sha(rtmr0 + sha(data))
print(mrtd(False), mrtd(True), rtmr0.hex())
"#;

fn compare(path: &Path, memory: u64) {
    let run = Command::new("python3")
        .args(["-c", PROGRAM])
        .arg(path)
        .arg(memory.to_string())
        .output();
    let Ok(run) = run else {
        eprintln!("SKIPPED: there is no python3 to compare with");
        return;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let bytes = std::fs::read(path).unwrap();
    let tdvf = Tdvf::parse(&bytes).unwrap();
    let acpi = AcpiTables {
        loader: b"loader",
        root: b"root",
        tables: b"tables",
    };
    let rtmr0 = FirmwareEvents {
        firmware: &tdvf,
        memory,
        acpi,
    }
    .rtmr0()
    .unwrap();
    let ours = [
        tdvf.mrtd(PageOrder::PageByPage),
        tdvf.mrtd(PageOrder::SectionBySection),
        rtmr0,
    ];
    let theirs = String::from_utf8(run.stdout).unwrap();
    assert_eq!(ours.map(|register| register.to_string()).join(" "), theirs.trim());
}

#[test]
fn registers_of_a_small_firmware_equal_those_of_the_other_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firmware.fd");
    std::fs::write(&path, firmware(&ORDINARY)).unwrap();
    for memory in [512 << 20, 2 << 30, 0xb000_0000 - 4096, 0xb000_0000, 64 << 30] {
        compare(&path, memory);
    }
}

#[test]
fn registers_of_debians_firmware_equal_those_of_the_other_program() {
    let Some(path) = debian_firmware() else { return };
    compare(&path, 2 << 30);
    compare(&path, 8 << 30);
}
