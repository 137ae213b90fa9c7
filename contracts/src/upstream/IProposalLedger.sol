// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A proposal. Fields 0-4, 6, 8 and 9 never change after submission.
struct Proposal {
    uint256 projectId;
    address miner;
    address rewardRecipient;
    bytes32 codeHash;
    bytes32 benchmarkLogHash;
    bytes32 metricsHash;
    int256 claimedAggregateScore;
    int256 verifiedAggregateScore;
    uint256 stake;
    uint64 submittedAt;
    uint64 reviewLockUntil;
    address reviewer;
    uint8 status;
}

/// @dev The ledger's states, in its own numbers.
library ProposalStatus {
    uint8 internal constant SUBMITTED = 0;
    uint8 internal constant REVIEWING = 1;
    uint8 internal constant APPROVED = 2;
    uint8 internal constant REJECTED = 3;
    uint8 internal constant EXPIRED = 4;
}

/// @title What the gateway uses of the ledger.
interface IProposalLedger {
    function registry() external view returns (address);
    function nextProposalId() external view returns (uint256);
    function getProposal(uint256 proposalId) external view returns (Proposal memory);
    function claimable(uint256 projectId, address account) external view returns (uint256);
    function EXPIRY_WINDOW() external view returns (uint64);
    function claimReview(uint256 proposalId) external;
    function releaseReview(uint256 proposalId) external;
    function approve(uint256 proposalId, int256 verifiedAggregateScore, bytes32 metricsHash) external;
    function reject(uint256 proposalId, bytes32 metricsHash) external;
    function expire(uint256 proposalId) external;
    function claimReward(uint256 projectId) external returns (uint256 amount);
}
