//! The images under test: the shipped ones, as `orv-image` built them, and copies of them that differ in one byte.

use super::boot::Boot;
use crate::host::workspace;
use orv_image::eif::{Contents, Metadata};
use orv_measure::nitro::{Image, Registers};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A folder that `orv-image build` has filled.
pub struct Shipped {
    folder: PathBuf,
    /// What it printed.
    pub measurements: Value,
}

impl Shipped {
    /// The image of a platform, where `./dev image` puts it.
    pub fn of(platform: &str) -> Self {
        let folder = workspace().join("target/images").join(platform);
        let path = folder.join("measurements.json");
        let text = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; build it: ./dev image {platform}", path.display()));
        Self {
            measurements: serde_json::from_slice(&text).unwrap(),
            folder,
        }
    }

    /// Registers 0, 1 and 2 as the build printed them, in hexadecimal.
    pub fn identity(&self) -> [String; 3] {
        let entry = &self.measurements["measurements"][0]["measurements"];
        [0, 1, 2].map(|index| {
            let expected = entry[index.to_string()]["expected"].as_str();
            expected
                .unwrap_or_else(|| panic!("no register {index} in {}", self.measurements))
                .to_owned()
        })
    }

    /// The one file with this ending.
    pub fn file(&self, ending: &str) -> PathBuf {
        let entries = std::fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut found = entries.filter(|path| path.to_string_lossy().ends_with(ending));
        let one = found
            .next()
            .unwrap_or_else(|| panic!("no *{ending} in {}", self.folder.display()));
        assert!(
            found.next().is_none(),
            "more than one *{ending} in {}",
            self.folder.display()
        );
        one
    }

    /// The enclave image file, byte for byte.
    pub fn eif(&self) -> Vec<u8> {
        std::fs::read(self.file(".eif")).unwrap()
    }

    /// To boot it as it is shipped: an enclave image, or the parts of a virtual machine's.
    pub fn boot(&self) -> Boot {
        if self.measurements["platform"] == "nitro" {
            return Boot::Nitro(self.file(".eif"));
        }
        Boot::Vm {
            kernel: self.file(".kernel"),
            initramfs: self.file(".initrd"),
            command_line: std::fs::read_to_string(self.file(".cmdline")).unwrap(),
        }
    }

    /// To boot a virtual machine's image as the one file that firmware starts from a disk.
    pub fn boot_unified(&self) -> Boot {
        Boot::Unified(self.file(".efi"))
    }

    /// What a virtual machine's image is made of.
    pub fn parts(&self) -> Parts {
        Parts {
            kernel: std::fs::read(self.file(".kernel")).unwrap(),
            command_line: std::fs::read_to_string(self.file(".cmdline")).unwrap(),
            ramdisk: std::fs::read(self.file(".initrd")).unwrap(),
        }
    }

    /// A register of a trust domain as the build printed it, in hexadecimal: monitor and firmware are part of the entry's
    /// name.
    pub fn trust_domain_register(&self, entry: &str, register: &str) -> &str {
        let entries = self.measurements["measurements"].as_array().unwrap();
        let named = |candidate: &&Value| candidate["measurement_id"].as_str().unwrap().ends_with(entry);
        let found = entries.iter().find(named);
        let found = found.unwrap_or_else(|| panic!("no {entry} in {}", self.measurements));
        found["measurements"][register]["expected"].as_str().unwrap()
    }
}

/// What is in an image, to be put together again otherwise.
#[derive(Clone)]
pub struct Parts {
    pub kernel: Vec<u8>,
    pub command_line: String,
    pub ramdisk: Vec<u8>,
}

impl Parts {
    pub fn of(image: &[u8]) -> Self {
        let image = Image::parse(image).unwrap();
        let parts = image.parts();
        let [ramdisk] = parts.ramdisks.as_slice() else {
            panic!("{} ramdisks", parts.ramdisks.len())
        };
        Self {
            kernel: parts.kernel.to_vec(),
            command_line: String::from_utf8(parts.command_line.to_vec()).unwrap(),
            ramdisk: ramdisk.to_vec(),
        }
    }

    /// An enclave image file of these parts.
    pub fn eif(&self) -> Vec<u8> {
        let metadata = Metadata {
            name: "altered".into(),
            version: "0".into(),
            kernel: "0".into(),
        };
        let contents = Contents {
            kernel: &self.kernel,
            command_line: &self.command_line,
            ramdisks: &[&self.ramdisk],
            metadata: &metadata,
        };
        contents.write().unwrap()
    }

    pub fn boot(&self, folder: &Path) -> Boot {
        let path = folder.join("altered.eif");
        std::fs::write(&path, self.eif()).unwrap();
        Boot::Nitro(path)
    }

    /// These parts for a virtual machine.
    pub fn boot_directly(&self, folder: &Path) -> Boot {
        let (kernel, initramfs) = (folder.join("altered.kernel"), folder.join("altered.initrd"));
        std::fs::write(&kernel, &self.kernel).unwrap();
        std::fs::write(&initramfs, &self.ramdisk).unwrap();
        Boot::Vm {
            kernel,
            initramfs,
            command_line: self.command_line.clone(),
        }
    }
}

/// The registers that the project's own measuring code predicts for an image.
pub fn predicted(image: &[u8]) -> Registers {
    Image::parse(image).unwrap().measure()
}
