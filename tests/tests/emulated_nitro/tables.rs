//! The host writes the tables of a virtual machine, and the kernel runs the programs in them (decision 0028).

use crate::support::boot::{Boot, Size};
use crate::support::images::Shipped;
use crate::support::machine::Machine;

/// A program of bytes (ACPI 6.5, 20.2) that takes the page at 256 MiB for a device and writes four bytes there while it is
/// loaded: `OperationRegion (ORVM, SystemMemory, 0x10000000, 0x1000)`, `Field (ORVM, DWordAcc) { ORVF, 32 }`,
/// `ORVF = 0xDEADBEEF`.
const WRITES_TO_MEMORY: &[u8] = b"\x5b\x80ORVM\x00\x0c\x00\x00\x00\x10\x0b\x00\x10\
    \x5b\x81\x0bORVM\x03ORVF\x20\
    \x70\x0c\xef\xbe\xad\xdeORVF";

#[test]
fn a_program_in_a_table_of_the_hosts_reaches_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program.aml");
    std::fs::write(&program, WRITES_TO_MEMORY).unwrap();
    let boot = Boot::Table {
        machine: Box::new(Shipped::of("vm").boot()),
        program,
    };
    let mut machine = Machine::start(&boot, Size::default());
    drop(machine.connect());
    let console = machine.console();
    assert!(
        console.contains("Refused: SystemMemory at 0x0000000010000000, size 4096"),
        "{console}"
    );
    assert!(machine.is_running(), "the table is the host's loss alone");
}
