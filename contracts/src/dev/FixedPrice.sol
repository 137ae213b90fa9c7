// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The storage market of a development chain: one price a sector, fees are kept.
contract FixedPrice {
    /// @notice Price in wei of storing 256 bytes.
    uint256 public immutable pricePerSector;

    constructor(uint256 pricePerSector_) {
        pricePerSector = pricePerSector_;
    }

    receive() external payable {}
}
