// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProjectRegistry, Project} from "./IProjectRegistry.sol";
import {ProjectToken} from "./ProjectToken.sol";

/// @title Projects, their immutable inputs and their current best.
/// @notice Compatible with the deployed ProjectRegistry: creation is permissionless and validates nothing,
/// unknown ids read as zero.
contract ProjectRegistry is IProjectRegistry {
    /// @notice The one contract that moves a project's best.
    address public immutable proposalLedger;
    /// @notice The id that the next project will get; ids count from zero.
    uint256 public nextProjectId;
    mapping(uint256 projectId => Project) private _projects;

    event ProjectCreated(
        uint256 indexed projectId, address indexed creator, address token, bytes32 protocolHash
    );
    event BestUpdated(
        uint256 indexed projectId,
        address indexed miner,
        int256 newAggregateScore,
        bytes32 codeHash,
        bytes32 metricsHash
    );

    error LedgerZero();
    error NotLedger();
    error ScoreNotImproved();
    error UnknownProject();

    constructor(address proposalLedger_) {
        if (proposalLedger_ == address(0)) revert LedgerZero();
        proposalLedger = proposalLedger_;
    }

    /// @notice Creates a project and its token. The baseline is the first best; its code hash is zero.
    function createProject(
        bytes32 protocolHash,
        bytes32 repoSnapshotHash,
        bytes32 benchmarkHash,
        int256 baselineAggregateScore,
        bytes32 baselineMetricsHash,
        string memory tokenName,
        string memory tokenSymbol,
        uint256 basePrice,
        uint256 slope,
        uint256 minerPoolCap
    ) external returns (uint256 projectId, address tokenAddr) {
        projectId = nextProjectId++;
        tokenAddr =
            address(new ProjectToken(tokenName, tokenSymbol, basePrice, slope, minerPoolCap, proposalLedger));
        Project storage project = _projects[projectId];
        project.protocolHash = protocolHash;
        project.repoSnapshotHash = repoSnapshotHash;
        project.benchmarkHash = benchmarkHash;
        project.baselineAggregateScore = baselineAggregateScore;
        project.baselineMetricsHash = baselineMetricsHash;
        project.currentBestAggregateScore = baselineAggregateScore;
        project.currentBestMetricsHash = baselineMetricsHash;
        project.token = tokenAddr;
        project.creator = msg.sender;
        project.createdAt = uint64(block.timestamp);
        emit ProjectCreated(projectId, msg.sender, tokenAddr, project.protocolHash);
    }

    /// @inheritdoc IProjectRegistry
    function updateBest(
        uint256 projectId,
        address miner,
        int256 newAggregateScore,
        bytes32 newCodeHash,
        bytes32 newMetricsHash
    ) external {
        if (msg.sender != proposalLedger) revert NotLedger();
        Project storage project = _projects[projectId];
        if (project.token == address(0)) revert UnknownProject();
        if (newAggregateScore <= project.currentBestAggregateScore) revert ScoreNotImproved();
        project.currentBestMiner = miner;
        project.currentBestAggregateScore = newAggregateScore;
        project.currentBestCodeHash = newCodeHash;
        project.currentBestMetricsHash = newMetricsHash;
        emit BestUpdated(projectId, miner, newAggregateScore, newCodeHash, newMetricsHash);
    }

    /// @inheritdoc IProjectRegistry
    function getProject(uint256 projectId) external view returns (Project memory) {
        return _projects[projectId];
    }

    /// @inheritdoc IProjectRegistry
    function tokenOf(uint256 projectId) external view returns (address) {
        return _projects[projectId].token;
    }

    /// @inheritdoc IProjectRegistry
    function currentBestAggregateScore(uint256 projectId) external view returns (int256) {
        return _projects[projectId].currentBestAggregateScore;
    }
}
