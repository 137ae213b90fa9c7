//! A metric as it was printed: an exact decimal that never becomes a float.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Sign, U256};

/// An exact decimal number: `-?digits(.digits)?`, no exponent, no plus sign, no spaces. Upstream's converters refuse an
/// exponent too (openresearch.md 1.6), and one form of a number is enough.
///
/// Kept in lowest terms, so equal numbers are equal values: `1.50` is `1.5` and `-0` is `0`.
///
/// ```
/// use orv_protocol::metric::Decimal;
/// assert_eq!("-001.50".parse::<Decimal>()?, "-1.5".parse()?);
/// assert_eq!("-001.50".parse::<Decimal>()?.to_string(), "-1.5");
/// assert!("1e5".parse::<Decimal>().is_err());
/// # Ok::<(), orv_protocol::metric::DecimalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    sign: Sign,
    digits: U256,
    fraction: u8,
}

/// Why a text is not a [`Decimal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not `-?digits(.digits)?`.
    #[error("{text:?} is not a plain decimal")]
    NotPlain {
        /// The refused text.
        text: String,
    },
    /// More digits than are kept exactly.
    #[error("{count} digits, at most {} are kept", Decimal::MOST_DIGITS)]
    TooManyDigits {
        /// Digits of the refused text.
        count: usize,
    },
}

impl Decimal {
    /// Digits that a text may have, leading zeros among them; any such number is below 2^200.
    pub const MOST_DIGITS: usize = 60;

    /// The sign; zero is positive.
    pub fn sign(&self) -> Sign {
        self.sign
    }

    /// All digits as one whole number: the magnitude times [`Self::denominator`].
    pub(crate) fn digits(&self) -> U256 {
        self.digits
    }

    /// Ten to the number of digits after the point.
    pub(crate) fn denominator(&self) -> U256 {
        U256::from(10).pow(U256::from(self.fraction))
    }

    fn in_lowest_terms(negative: Sign, digits: U256, fraction: u8) -> Decimal {
        let ten = U256::from(10);
        let (mut digits, mut fraction) = (digits, fraction);
        while fraction > 0 && (digits % ten).is_zero() {
            digits /= ten;
            fraction -= 1;
        }
        let sign = if digits.is_zero() { Sign::Positive } else { negative };
        Decimal { sign, digits, fraction }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let not_plain = || DecimalError::NotPlain {
            text: text.chars().take(80).collect(),
        };
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (Sign::Negative, rest),
            None => (Sign::Positive, text),
        };
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(not_plain()),
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(not_plain());
        }
        let count = whole.len().saturating_add(fraction.len());
        if count > Decimal::MOST_DIGITS {
            return Err(DecimalError::TooManyDigits { count });
        }
        let value = whole.bytes().chain(fraction.bytes()).fold(U256::ZERO, |value, digit| {
            value * U256::from(10) + U256::from(digit - b'0')
        });
        let fraction = u8::try_from(fraction.len()).map_err(|_| not_plain())?;
        Ok(Decimal::in_lowest_terms(sign, value, fraction))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = self.digits.div_rem(self.denominator());
        if self.sign == Sign::Negative {
            formatter.write_str("-")?;
        }
        write!(formatter, "{whole}")?;
        if self.fraction > 0 {
            write!(
                formatter,
                ".{:0>width$}",
                fraction.to_string(),
                width = usize::from(self.fraction)
            )?;
        }
        Ok(())
    }
}
