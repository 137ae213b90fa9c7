// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

/// @dev The integer rule of what counts as an improvement (DESIGN 5.5).
library Threshold {
    uint256 internal constant ONE = 10_000;

    /// @dev max(1, ceil(|incumbent| * bips / 10000)).
    function margin(int256 incumbent, uint16 bips) internal pure returns (uint256) {
        return Math.max(1, Math.mulDiv(SignedMath.abs(incumbent), bips, ONE, Math.Rounding.Ceil));
    }

    /// @dev Whether score >= incumbent + margin; a sum above the largest score is out of reach for all.
    function reached(int256 score, int256 incumbent, uint16 bips) internal pure returns (bool) {
        return score > incumbent && distance(incumbent, score) >= margin(incumbent, bips);
    }

    /// @dev Whether score - incumbent > floor(|incumbent| * bips / 10000); bips may exceed 10000.
    function jumped(int256 score, int256 incumbent, uint32 bips) internal pure returns (bool) {
        if (score <= incumbent) return false;
        (bool bounded, uint256 bound) = _mulDivBounded(SignedMath.abs(incumbent), bips);
        return bounded && distance(incumbent, score) > bound;
    }

    /// @dev upper - lower for lower <= upper, which always fits 256 bits without a sign.
    function distance(int256 lower, int256 upper) internal pure returns (uint256) {
        unchecked {
            return uint256(upper) - uint256(lower);
        }
    }

    /// @dev floor(value * bips / 10000), or not bounded where that does not fit.
    function _mulDivBounded(uint256 value, uint32 bips) private pure returns (bool, uint256) {
        (uint256 high,) = Math.mul512(value, bips);
        if (high >= ONE) return (false, 0);
        return (true, Math.mulDiv(value, bips, ONE));
    }
}
