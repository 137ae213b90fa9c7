// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Whatever widens trust is announced and takes effect only after a public delay.
/// @notice The delay is fixed for good when the contract is deployed. Narrowing never waits.
abstract contract PublicDelay is Ownable2Step {
    /// @notice Shortest delay a deployment may choose, in seconds. Anything but a development chain wants days.
    uint64 public constant MINIMUM_DELAY = 1;
    /// @notice Seconds between the announcement of a widening and its effect.
    uint64 public immutable delay;

    /// @notice The delay is below the minimum.
    error DelayTooShort(uint64 delay, uint64 minimum);

    constructor(address owner_, uint64 delay_) Ownable(owner_) {
        if (delay_ < MINIMUM_DELAY) revert DelayTooShort(delay_, MINIMUM_DELAY);
        delay = delay_;
    }

    /// @dev When a widening announced now takes effect.
    function _effective() internal view returns (uint64) {
        return uint64(block.timestamp) + delay;
    }
}
