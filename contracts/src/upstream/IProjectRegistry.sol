// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A project. Fields 0-4 and 9-11 never change after creation.
struct Project {
    bytes32 protocolHash;
    bytes32 repoSnapshotHash;
    bytes32 benchmarkHash;
    int256 baselineAggregateScore;
    bytes32 baselineMetricsHash;
    bytes32 currentBestCodeHash;
    int256 currentBestAggregateScore;
    bytes32 currentBestMetricsHash;
    address currentBestMiner;
    address token;
    address creator;
    uint64 createdAt;
}

/// @title What the ledger and the gateway use of the project registry.
interface IProjectRegistry {
    function getProject(uint256 projectId) external view returns (Project memory);
    function tokenOf(uint256 projectId) external view returns (address);
    function currentBestAggregateScore(uint256 projectId) external view returns (int256);
    function updateBest(
        uint256 projectId,
        address miner,
        int256 newAggregateScore,
        bytes32 newCodeHash,
        bytes32 newMetricsHash
    ) external;
}
