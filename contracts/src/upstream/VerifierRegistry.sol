// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title The ledger's allow-list of verifiers, kept by one owner.
/// @notice Compatible with the deployed VerifierRegistry. Removal moves the last entry into the gap.
contract VerifierRegistry is Ownable {
    /// @notice The listed verifiers; the order changes on removal.
    address[] public verifiers;
    /// @dev Place in the list, counted from one; zero means absent.
    mapping(address verifier => uint256) private _place;

    event VerifierAdded(address indexed v);
    event VerifierRemoved(address indexed v);

    error AlreadyRegistered();
    error NotRegistered();
    error ZeroAddress();

    constructor(address initialOwner) Ownable(initialOwner) {}

    /// @notice Lists a verifier.
    function addVerifier(address v) external onlyOwner {
        if (v == address(0)) revert ZeroAddress();
        if (_place[v] != 0) revert AlreadyRegistered();
        verifiers.push(v);
        _place[v] = verifiers.length;
        emit VerifierAdded(v);
    }

    /// @notice Takes a verifier off the list, at once.
    function removeVerifier(address v) external onlyOwner {
        uint256 place = _place[v];
        if (place == 0) revert NotRegistered();
        address last = verifiers[verifiers.length - 1];
        verifiers[place - 1] = last;
        _place[last] = place;
        verifiers.pop();
        delete _place[v];
        emit VerifierRemoved(v);
    }

    /// @notice Whether the address is listed now.
    function isVerifier(address v) external view returns (bool) {
        return _place[v] != 0;
    }

    /// @notice Length of the list.
    function verifierCount() external view returns (uint256) {
        return verifiers.length;
    }
}
