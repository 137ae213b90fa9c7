//! Amounts of coin on the command line.

use orv_chain::primitives::U256;

/// Wei in one coin, as a power of ten.
const DECIMALS: usize = 18;

/// Reads `1.5og`, `2000wei` or a bare number of wei (openresearch.md 7.6).
pub fn wei(text: &str) -> Result<U256, String> {
    let refused = || format!("{text:?} is no amount: write 1.5og, 2000wei, or a number of wei");
    if let Some(coins) = text.strip_suffix("og") {
        let (whole, fraction) = coins.split_once('.').unwrap_or((coins, ""));
        if whole.is_empty() || fraction.len() > DECIMALS || coins.ends_with('.') {
            return Err(refused());
        }
        return digits(&format!("{whole}{fraction:0<DECIMALS$}")).ok_or_else(refused);
    }
    digits(text.strip_suffix("wei").unwrap_or(text)).ok_or_else(refused)
}

/// Reads a plain whole number.
pub fn whole(text: &str) -> Result<U256, String> {
    digits(text).ok_or_else(|| format!("{text:?} is no whole number"))
}

fn digits(text: &str) -> Option<U256> {
    let plain = (1..=78).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain {
        U256::from_str_radix(text, 10).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_have_eighteen_decimals() {
        assert_eq!(wei("1.5og"), Ok(U256::from(1_500_000_000_000_000_000_u64)));
        assert_eq!(wei("0.000000000000000001og"), Ok(U256::from(1)));
        assert_eq!(wei("7"), wei("7wei"));
    }

    #[test]
    fn nothing_else_is_an_amount() {
        for text in [
            "",
            "og",
            ".5og",
            "1.og",
            "-1",
            "1e3",
            "0x10",
            "1.0",
            "0.0000000000000000001og",
            "1 og",
        ] {
            assert!(wei(text).is_err(), "{text}");
        }
    }
}
