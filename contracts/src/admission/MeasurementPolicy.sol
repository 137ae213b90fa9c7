// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PublicDelay} from "./PublicDelay.sol";

/// @notice One measurement as the owner lists it.
struct ListedMeasurement {
    bytes32 measurement;
    /// @dev ASCII name, zero padded.
    bytes32 platform;
    /// @dev 0 simulated, 1 trusted counter, 2 weak counter.
    uint8 platformTier;
    /// @dev Whether timed verdicts of this program count.
    bool timedAllowed;
}

/// @title Which measured programs count.
/// @notice Listing waits the public delay, removal is immediate. A changed or relisted measurement is a new
/// listing: it waits again, and keys admitted under the former listing stay dead.
contract MeasurementPolicy is PublicDelay {
    /// @notice A measurement's listing; `validFrom` zero means not listed.
    struct Listing {
        bytes32 platform;
        uint64 validFrom;
        uint8 platformTier;
        bool timedAllowed;
        bool removed;
    }

    uint8 private constant HIGHEST_TIER = 2;
    mapping(bytes32 measurement => Listing) private _listings;

    event MeasurementListed(
        bytes32 indexed measurement, bytes32 platform, uint8 platformTier, bool timedAllowed, uint64 validFrom
    );
    event MeasurementRemoved(bytes32 indexed measurement);

    /// @notice The measurement is on no listing, or was taken off it.
    error MeasurementNotListed(bytes32 measurement);
    /// @notice The listing is announced but not in effect.
    error MeasurementNotYetValid(bytes32 measurement, uint64 validFrom);
    /// @notice The key was admitted under an earlier listing of its measurement.
    error AdmittedBeforeListing(bytes32 measurement, uint64 admittedAt, uint64 validFrom);
    error WrongPlatform(bytes32 platform, bytes32 listed);
    error WrongTier(uint8 platformTier, uint8 listed);
    error UnknownTier(uint8 platformTier);

    /// @param initial Measurements in effect from the first block on; anything later waits.
    constructor(address owner_, uint64 delay_, ListedMeasurement[] memory initial)
        PublicDelay(owner_, delay_)
    {
        for (uint256 i = 0; i < initial.length; i++) {
            _list(initial[i], uint64(block.timestamp));
        }
    }

    /// @notice Announces a measurement; it counts after the delay.
    function list(ListedMeasurement calldata listed) external onlyOwner {
        _list(listed, _effective());
    }

    /// @notice Takes a measurement out of effect at once, with every key admitted under it.
    function remove(bytes32 measurement) external onlyOwner {
        Listing storage listing = _listings[measurement];
        if (listing.validFrom == 0 || listing.removed) revert MeasurementNotListed(measurement);
        listing.removed = true;
        emit MeasurementRemoved(measurement);
    }

    /// @notice The listing as stored; all zero when there is none.
    function listingOf(bytes32 measurement) external view returns (Listing memory) {
        return _listings[measurement];
    }

    /// @notice Reverts unless a key admitted at `admittedAt` with these properties counts now.
    /// @return timedAllowed whether its timed verdicts count.
    function requireListed(bytes32 measurement, bytes32 platform, uint8 platformTier, uint64 admittedAt)
        external
        view
        returns (bool timedAllowed)
    {
        Listing memory listing = _listings[measurement];
        if (listing.validFrom == 0 || listing.removed) revert MeasurementNotListed(measurement);
        if (block.timestamp < listing.validFrom) {
            revert MeasurementNotYetValid(measurement, listing.validFrom);
        }
        if (admittedAt < listing.validFrom) {
            revert AdmittedBeforeListing(measurement, admittedAt, listing.validFrom);
        }
        if (platform != listing.platform) revert WrongPlatform(platform, listing.platform);
        if (platformTier != listing.platformTier) revert WrongTier(platformTier, listing.platformTier);
        return listing.timedAllowed;
    }

    function _list(ListedMeasurement memory listed, uint64 validFrom) private {
        if (listed.platformTier > HIGHEST_TIER) revert UnknownTier(listed.platformTier);
        _listings[listed.measurement] =
            Listing(listed.platform, validFrom, listed.platformTier, listed.timedAllowed, false);
        emit MeasurementListed(
            listed.measurement, listed.platform, listed.platformTier, listed.timedAllowed, validFrom
        );
    }
}
