// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PublicDelay} from "../admission/PublicDelay.sol";

/// @title Projects whose candidate can write its own metric, and that may be approved all the same.
/// @notice Where harness and candidate share a process (DESIGN 5.6), an approve needs an entry here and stays
/// below the entry's bound. Entering waits the public delay, removal is immediate.
contract SharedProjects is PublicDelay {
    /// @notice An entry; `validFrom` zero means none.
    struct Entry {
        uint64 validFrom;
        uint32 maximumJumpBips;
    }

    mapping(uint256 projectId => Entry) private _entries;

    event SharedProjectEntered(uint256 indexed projectId, uint32 maximumJumpBips, uint64 validFrom);
    event SharedProjectRemoved(uint256 indexed projectId);

    error SharedProjectNotEntered(uint256 projectId);

    constructor(address owner_, uint64 delay_) PublicDelay(owner_, delay_) {}

    /// @notice Announces a project with the largest rise of its score that one approve may bring,
    /// in hundredths of a per cent of the incumbent's magnitude.
    function enter(uint256 projectId, uint32 maximumJumpBips) external onlyOwner {
        uint64 validFrom = _effective();
        _entries[projectId] = Entry(validFrom, maximumJumpBips);
        emit SharedProjectEntered(projectId, maximumJumpBips, validFrom);
    }

    /// @notice Takes a project out at once.
    function remove(uint256 projectId) external onlyOwner {
        if (_entries[projectId].validFrom == 0) revert SharedProjectNotEntered(projectId);
        delete _entries[projectId];
        emit SharedProjectRemoved(projectId);
    }

    /// @notice The entry as stored; all zero when there is none.
    function entryOf(uint256 projectId) external view returns (Entry memory) {
        return _entries[projectId];
    }

    /// @notice Whether the project may be approved now, and its bound.
    function boundOf(uint256 projectId) external view returns (bool entered, uint32 maximumJumpBips) {
        Entry memory entry = _entries[projectId];
        entered = entry.validFrom != 0 && block.timestamp >= entry.validFrom;
        maximumJumpBips = entered ? entry.maximumJumpBips : 0;
    }
}
