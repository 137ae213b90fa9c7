//! Security version numbers of the firmware.

use super::Product;

/// The security version numbers of one firmware. Where each stands in eight bytes depends on the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tcb {
    /// Of the firmware component, which Turin alone has.
    pub fmc: u8,
    /// Of the secure processor's boot loader.
    pub boot_loader: u8,
    /// Of its operating system.
    pub tee: u8,
    /// Three of the bytes between, which must be zero.
    pub reserved: [u8; 3],
    /// Of the SNP firmware.
    pub snp: u8,
    /// The lowest patch level of all cores.
    pub microcode: u8,
}

impl Tcb {
    /// The eight bytes in this product's order: Milan and Genoa have boot loader, TEE, four reserved bytes, SNP,
    /// microcode; Turin has FMC, boot loader, TEE, SNP, three reserved bytes, microcode.
    pub const fn encode(&self, product: Product) -> [u8; 8] {
        let [a, b, c] = self.reserved;
        match product {
            Product::Milan | Product::Genoa => [self.boot_loader, self.tee, a, b, c, 0, self.snp, self.microcode],
            Product::Turin => [self.fmc, self.boot_loader, self.tee, self.snp, a, b, c, self.microcode],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_stand_where_real_reports_have_them() {
        assert_eq!(
            Product::Genoa.recent_tcb().encode(Product::Genoa),
            [0x0a, 0, 0, 0, 0, 0, 0x19, 0x54],
            "genoa_v5_vcek"
        );
        assert_eq!(
            Product::Turin.recent_tcb().encode(Product::Turin),
            [0, 1, 0, 2, 0, 0, 0, 0x47],
            "turin_v5_vcek"
        );
    }
}
