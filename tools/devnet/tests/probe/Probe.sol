// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What the devnet's tests exercise: storage, events, errors, block hashes. `Probe.json` is its artifact.
contract Probe {
    error Refused(uint256 found);

    event Stored(address indexed sender, uint256 indexed key, uint256 value);

    mapping(uint256 key => uint256) public values;

    function store(uint256 key, uint256 value) external payable {
        values[key] = value;
        emit Stored(msg.sender, key, value);
    }

    function refuse(uint256 found) external pure {
        revert Refused(found);
    }

    function refuseInWords() external pure {
        revert("not today");
    }

    /// Stores, then refuses: what a mined revert must undo.
    function storeAndRefuse(uint256 key, uint256 value) external {
        values[key] = value;
        emit Stored(msg.sender, key, value);
        revert Refused(value);
    }

    function hashOf(uint256 number) external view returns (bytes32) {
        return blockhash(number);
    }

    function surroundings() external view returns (uint256 number, uint256 time, uint256 chain) {
        return (block.number, block.timestamp, block.chainid);
    }
}
