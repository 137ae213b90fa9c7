// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The statement that an enclave signs about one finished run (DESIGN 5.9).
struct Run {
    address ledger;
    address registry;
    bytes32 ticket;
    uint256 projectId;
    uint256 proposalId;
    bytes32 projectDigest;
    bytes32 proposalDigest;
    bytes32 incumbentCodeHash;
    int256 incumbentScore;
    uint8 verdict;
    bytes32 reason;
    int256 score;
    int256 lower;
    int256 upper;
    uint16 marginBips;
    uint8 metricKind;
    uint8 metricChannel;
    uint8 platformTier;
    uint16 ruleVersion;
    bytes32 bundleRoot;
    bytes32 evidenceRoot;
}

/// @dev EIP-712 hash of a statement.
library RunHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "Run(address ledger,address registry,bytes32 ticket,uint256 projectId,uint256 proposalId,bytes32 projectDigest,bytes32 proposalDigest,bytes32 incumbentCodeHash,int256 incumbentScore,uint8 verdict,bytes32 reason,int256 score,int256 lower,int256 upper,uint16 marginBips,uint8 metricKind,uint8 metricChannel,uint8 platformTier,uint16 ruleVersion,bytes32 bundleRoot,bytes32 evidenceRoot)"
    );

    function structHash(Run calldata run) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, run));
    }
}

/// @dev Values of `Run.verdict`.
library Verdict {
    uint8 internal constant APPROVE = 1;
    uint8 internal constant REJECT = 2;
    uint8 internal constant INCONCLUSIVE = 3;
}

/// @dev Values of `Run.metricKind`.
library MetricKind {
    uint8 internal constant EXACT = 1;
    uint8 internal constant TIMED = 2;
}

/// @dev Values of `Run.metricChannel`.
library MetricChannel {
    uint8 internal constant SPLIT = 1;
    uint8 internal constant SHARED = 2;
}
