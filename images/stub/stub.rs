//! What firmware starts in the one-file image for VMs: it finds kernel, initrd and command line in its own sections,
//! offers the initrd the way Linux asks for it (LoadFile2 on the initrd media device path), and starts the kernel with
//! exactly that command line. Whatever its own caller passes is not read: it would not be measured.
//!
//! `orv-image` compiles it by itself, without any library, and lays it out as a PE file. All of it is `unsafe` by nature:
//! it talks to firmware through pointers. UEFI 2.10 numbers the sections cited below.

#![no_std]
#![no_main]

use core::arch::asm;
use core::ffi::c_void;
use core::ptr;

type Status = usize;
type Handle = *mut c_void;

const SUCCESS: Status = 0;
const ERROR: Status = 1 << 63;
const LOAD_ERROR: Status = ERROR | 1;
const INVALID_PARAMETER: Status = ERROR | 2;
const UNSUPPORTED: Status = ERROR | 3;
const BUFFER_TOO_SMALL: Status = ERROR | 5;

#[repr(C)]
struct Guid(u32, u16, u16, [u8; 8]);

const LOADED_IMAGE: Guid = Guid(0x5b1b_31a1, 0x9562, 0x11d2, [0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b]);
const DEVICE_PATH: Guid = Guid(0x0957_6e91, 0x6d3f, 0x11d2, [0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b]);
const LOAD_FILE2: Guid = Guid(0x4006_c0c1, 0xfcb3, 0x403e, [0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d]);

/// A vendor's media device (10.3.5.3) with the identifier that Linux looks for, and the end of the path.
const INITRD_PATH: [u8; 24] = [
    4, 3, 20, 0, 0x27, 0xe4, 0x68, 0x55, 0xfc, 0x68, 0x3d, 0x4f, 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68, 0x7f,
    0xff, 4, 0,
];

/// The longest command line, its terminator included. The kernel takes no longer one.
const LONGEST_COMMAND_LINE: usize = 2048;

/// 4.3
#[repr(C)]
pub struct SystemTable {
    header: [u64; 3],
    vendor: usize,
    revision: u64,
    consoles: [usize; 6],
    runtime_services: usize,
    boot_services: *const BootServices,
}

/// 4.4
#[repr(C)]
struct BootServices {
    header: [u64; 3],
    before_install: [usize; 13],
    install_protocol: extern "efiapi" fn(*mut Handle, *const Guid, u32, *const c_void) -> Status,
    before_handle: [usize; 2],
    handle_protocol: extern "efiapi" fn(Handle, *const Guid, *mut *mut c_void) -> Status,
    before_load: [usize; 5],
    load_image: extern "efiapi" fn(u8, Handle, *const c_void, *const u8, usize, *mut Handle) -> Status,
    start_image: extern "efiapi" fn(Handle, *mut usize, *mut *mut u16) -> Status,
}

/// 9.1
#[repr(C)]
struct LoadedImage {
    revision: u64,
    parent: Handle,
    system_table: usize,
    device: Handle,
    file_path: *const c_void,
    reserved: usize,
    options_size: u32,
    options: *const u16,
    base: *const u8,
    size: u64,
}

/// 13.2, and behind it what it gives away.
#[repr(C)]
struct Initrd {
    load_file: extern "efiapi" fn(*const Initrd, *const c_void, u8, *mut usize, *mut u8) -> Status,
    start: *const u8,
    length: usize,
}

extern "efiapi" fn load_initrd(
    this: *const Initrd,
    _path: *const c_void,
    boot_policy: u8,
    size: *mut usize,
    buffer: *mut u8,
) -> Status {
    if this.is_null() || size.is_null() {
        return INVALID_PARAMETER;
    }
    if boot_policy != 0 {
        return UNSUPPORTED;
    }
    unsafe {
        let room = if buffer.is_null() { 0 } else { *size };
        *size = (*this).length;
        if room < (*this).length {
            return BUFFER_TOO_SMALL;
        }
        memcpy(buffer, (*this).start, (*this).length);
    }
    SUCCESS
}

/// A section of the running image: where, and how long.
type Section = (*const u8, usize);

/// Finds a section in the headers of the loaded image. `orv-image` wrote them, and the firmware has checked them.
unsafe fn section(base: *const u8, name: &[u8; 8]) -> Option<Section> {
    unsafe {
        let header = base.add(base.add(0x3c).cast::<u32>().read_unaligned() as usize);
        let count = header.add(6).cast::<u16>().read_unaligned();
        let optional = header.add(20).cast::<u16>().read_unaligned() as usize;
        let mut entry = header.add(24 + optional);
        for _ in 0..count {
            let mut same = true;
            for (index, letter) in name.iter().enumerate() {
                same &= entry.add(index).read() == *letter;
            }
            if same {
                let length = entry.add(8).cast::<u32>().read_unaligned() as usize;
                let address = entry.add(12).cast::<u32>().read_unaligned() as usize;
                return Some((base.add(address), length));
            }
            entry = entry.add(40);
        }
        None
    }
}

/// Where firmware begins.
#[unsafe(no_mangle)]
pub extern "efiapi" fn efi_main(image: Handle, system: *const SystemTable) -> Status {
    unsafe { start(image, &*(*system).boot_services) }
}

unsafe fn start(image: Handle, services: &BootServices) -> Status {
    unsafe {
        let mut own = ptr::null_mut();
        let status = (services.handle_protocol)(image, &LOADED_IMAGE, &mut own);
        if status != SUCCESS {
            return status;
        }
        let base = (*own.cast::<LoadedImage>()).base;
        let (Some(linux), Some(initrd), Some(told)) =
            (section(base, b".linux\0\0"), section(base, b".initrd\0"), section(base, b".cmdline"))
        else {
            return LOAD_ERROR;
        };
        let offered = Initrd { load_file: load_initrd, start: initrd.0, length: initrd.1 };
        let mut device = ptr::null_mut();
        let path = INITRD_PATH;
        let status = (services.install_protocol)(&mut device, &DEVICE_PATH, 0, path.as_ptr().cast());
        if status != SUCCESS {
            return status;
        }
        let status = (services.install_protocol)(&mut device, &LOAD_FILE2, 0, (&raw const offered).cast());
        if status != SUCCESS {
            return status;
        }
        let mut kernel = ptr::null_mut();
        let status = (services.load_image)(0, image, ptr::null(), linux.0, linux.1, &mut kernel);
        if status != SUCCESS {
            return status;
        }
        tell(services, kernel, told)
    }
}

/// Gives the kernel its command line in the form that it expects, and starts it.
unsafe fn tell(services: &BootServices, kernel: Handle, told: Section) -> Status {
    unsafe {
        if told.1 >= LONGEST_COMMAND_LINE {
            return LOAD_ERROR;
        }
        let mut wide = [0_u16; LONGEST_COMMAND_LINE];
        let start = wide.as_mut_ptr();
        for index in 0..told.1 {
            start.add(index).write(u16::from(told.0.add(index).read()));
        }
        let mut loaded = ptr::null_mut();
        let status = (services.handle_protocol)(kernel, &LOADED_IMAGE, &mut loaded);
        if status != SUCCESS {
            return status;
        }
        let loaded = loaded.cast::<LoadedImage>();
        (*loaded).options = start;
        (*loaded).options_size = ((told.1 + 1) * 2) as u32;
        // It returns only if the kernel could not be started.
        (services.start_image)(kernel, ptr::null_mut(), ptr::null_mut())
    }
}

/// The compiler calls it for copies. Written as one instruction, which it cannot take for a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    unsafe {
        asm!("rep movsb", inout("rcx") length => _, inout("rdi") to => _, inout("rsi") from => _, options(nostack));
    }
    to
}

/// As [`memcpy`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memset(to: *mut u8, value: i32, length: usize) -> *mut u8 {
    unsafe {
        asm!("rep stosb", inout("rcx") length => _, inout("rdi") to => _, in("al") value as u8, options(nostack));
    }
    to
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        unsafe { asm!("hlt") };
    }
}
