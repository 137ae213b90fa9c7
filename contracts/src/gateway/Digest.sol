// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Project} from "../upstream/IProjectRegistry.sol";
import {Proposal} from "../upstream/IProposalLedger.sol";

/// @dev Digests of what never changes, so that a statement names exactly the inputs it was made for.
library Digest {
    /// @dev Fields 0-4 and 9-11 of getProject, in that order.
    function ofProject(Project memory project) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                project.protocolHash,
                project.repoSnapshotHash,
                project.benchmarkHash,
                project.baselineAggregateScore,
                project.baselineMetricsHash,
                project.token,
                project.creator,
                project.createdAt
            )
        );
    }

    /// @dev Fields 0-4, 6, 8 and 9 of getProposal, in that order.
    function ofProposal(Proposal memory proposal) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                proposal.projectId,
                proposal.miner,
                proposal.rewardRecipient,
                proposal.codeHash,
                proposal.benchmarkLogHash,
                proposal.claimedAggregateScore,
                proposal.stake,
                proposal.submittedAt
            )
        );
    }

    /// @dev The incumbent of a project: its code hash (zero means the snapshot) and its score.
    function ofIncumbent(bytes32 codeHash, int256 score) internal pure returns (bytes32) {
        return keccak256(abi.encode(codeHash, score));
    }
}
