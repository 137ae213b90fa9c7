//! The permutation keccak-f\[1600\] (FIPS 202, 3.3), written once for lanes of any width.

/// The constants of the step iota (FIPS 202, 3.2.5).
#[rustfmt::skip]
pub(super) const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
];

/// Defines `fn permute(state: [$lane; 25]) -> [$lane; 25]`, where lane (x, y) of the standard is `state[x + 5 y]`.
///
/// Expects beside it `xor(a, b)`, `xor3(a, b, c)`, `chi(a, b, c)` = a ^ (!b & c), `rotate::<LEFT, RIGHT>(a)` with
/// LEFT + RIGHT = 64, and `splat(u64)`. Attributes given in front go to both functions.
macro_rules! permutation {
    ($(#[$attribute:meta])* $lane:ty) => {
        /// keccak-f\[1600\] of every state in the lanes.
        $(#[$attribute])*
        fn permute(mut state: [$lane; 25]) -> [$lane; 25] {
            for constant in $crate::keccak::permutation::ROUND_CONSTANTS {
                state = round(state, splat(constant));
            }
            state
        }

        /// One round, unrolled so that the lanes stay in registers.
        $(#[$attribute])*
        #[rustfmt::skip]
        fn round(a: [$lane; 25], constant: $lane) -> [$lane; 25] {
            // theta
            let c0 = xor3(xor3(a[0], a[5], a[10]), a[15], a[20]);
            let c1 = xor3(xor3(a[1], a[6], a[11]), a[16], a[21]);
            let c2 = xor3(xor3(a[2], a[7], a[12]), a[17], a[22]);
            let c3 = xor3(xor3(a[3], a[8], a[13]), a[18], a[23]);
            let c4 = xor3(xor3(a[4], a[9], a[14]), a[19], a[24]);
            let d0 = xor(c4, rotate::<1, 63>(c1));
            let d1 = xor(c0, rotate::<1, 63>(c2));
            let d2 = xor(c1, rotate::<1, 63>(c3));
            let d3 = xor(c2, rotate::<1, 63>(c4));
            let d4 = xor(c3, rotate::<1, 63>(c0));
            // rho and pi
            let b0 = xor(a[0], d0);
            let b1 = rotate::<44, 20>(xor(a[6], d1));
            let b2 = rotate::<43, 21>(xor(a[12], d2));
            let b3 = rotate::<21, 43>(xor(a[18], d3));
            let b4 = rotate::<14, 50>(xor(a[24], d4));
            let b5 = rotate::<28, 36>(xor(a[3], d3));
            let b6 = rotate::<20, 44>(xor(a[9], d4));
            let b7 = rotate::<3, 61>(xor(a[10], d0));
            let b8 = rotate::<45, 19>(xor(a[16], d1));
            let b9 = rotate::<61, 3>(xor(a[22], d2));
            let b10 = rotate::<1, 63>(xor(a[1], d1));
            let b11 = rotate::<6, 58>(xor(a[7], d2));
            let b12 = rotate::<25, 39>(xor(a[13], d3));
            let b13 = rotate::<8, 56>(xor(a[19], d4));
            let b14 = rotate::<18, 46>(xor(a[20], d0));
            let b15 = rotate::<27, 37>(xor(a[4], d4));
            let b16 = rotate::<36, 28>(xor(a[5], d0));
            let b17 = rotate::<10, 54>(xor(a[11], d1));
            let b18 = rotate::<15, 49>(xor(a[17], d2));
            let b19 = rotate::<56, 8>(xor(a[23], d3));
            let b20 = rotate::<62, 2>(xor(a[2], d2));
            let b21 = rotate::<55, 9>(xor(a[8], d3));
            let b22 = rotate::<39, 25>(xor(a[14], d4));
            let b23 = rotate::<41, 23>(xor(a[15], d0));
            let b24 = rotate::<2, 62>(xor(a[21], d1));
            // chi and iota
            [
                xor(chi(b0, b1, b2), constant), chi(b1, b2, b3), chi(b2, b3, b4), chi(b3, b4, b0), chi(b4, b0, b1),
                chi(b5, b6, b7), chi(b6, b7, b8), chi(b7, b8, b9), chi(b8, b9, b5), chi(b9, b5, b6),
                chi(b10, b11, b12), chi(b11, b12, b13), chi(b12, b13, b14), chi(b13, b14, b10), chi(b14, b10, b11),
                chi(b15, b16, b17), chi(b16, b17, b18), chi(b17, b18, b19), chi(b18, b19, b15), chi(b19, b15, b16),
                chi(b20, b21, b22), chi(b21, b22, b23), chi(b22, b23, b24), chi(b23, b24, b20), chi(b24, b20, b21),
            ]
        }
    };
}

pub(super) use permutation;
