// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {EnclaveKey, EnclaveRegistry} from "../admission/EnclaveRegistry.sol";
import {IProjectRegistry, Project} from "../upstream/IProjectRegistry.sol";
import {IProposalLedger, Proposal} from "../upstream/IProposalLedger.sol";
import {ProjectToken} from "../upstream/ProjectToken.sol";
import {Digest} from "./Digest.sol";
import {MetricChannel, MetricKind, Run, RunHash, Verdict} from "./Run.sol";
import {SharedProjects} from "./SharedProjects.sol";
import {Threshold} from "./Threshold.sol";
import {Ticket} from "./Tickets.sol";

/// @notice Why a faithful verdict must not be carried out.
enum Obstacle {
    None,
    /// @dev Timed statements of this measurement do not count.
    TimedNotCounted,
    /// @dev Approve: the best rose since the run, out of the score's reach.
    BestRose,
    /// @dev Approve: a shared-channel project that is not entered.
    SharedNotEntered,
    /// @dev Approve: a shared-channel project's score rises above its bound.
    JumpAboveBound,
    /// @dev Reject: a later proposal set the best.
    Overtaken,
    /// @dev Reject: the best was set by another verifier.
    BestSetElsewhere,
    /// @dev Reject: the best changed since the run.
    IncumbentChanged,
    /// @dev Approve: the reward, which equals the stake, does not fit the project's miner pool any more.
    PoolTooSmall
}

/// @dev A proposal and its project, read once.
struct Case {
    Proposal proposal;
    Project project;
}

/// @title What a signed statement must be to count: genuine, about this very proposal, and true to the rule.
abstract contract Statements is EIP712 {
    uint8 private constant MOST_QUORUM = 3;

    /// @notice Who set a project's best through this gateway.
    struct Best {
        uint256 proposalId;
        int256 score;
        bool known;
    }

    /// @notice The ledger on which this gateway is listed as a verifier.
    IProposalLedger public immutable ledger;
    /// @notice The ledger's project registry.
    IProjectRegistry public immutable registry;
    /// @notice Shared-channel projects that may be approved.
    SharedProjects public immutable sharedProjects;
    /// @notice Different operators whose timed statements must agree.
    uint8 public immutable timedQuorum;
    mapping(uint256 projectId => Best) private _bests;

    error QuorumOutOfRange(uint8 timedQuorum);
    error WrongLedger(address stated, address expected);
    error WrongRegistry(address stated, address expected);
    error WrongProposal(uint256 stated, uint256 expected);
    error WrongProject(uint256 stated, uint256 expected);
    error WrongProjectDigest(bytes32 stated, bytes32 expected);
    error WrongProposalDigest(bytes32 stated, bytes32 expected);
    /// @notice The statement's incumbent is neither the best now nor the best when the ticket was opened.
    error WrongIncumbent(bytes32 codeHash, int256 score);
    error WrongEvidence(bytes32 stated, bytes32 expected);
    error WrongPlatformTier(uint8 stated, uint8 expected);
    error WrongSigner(address recovered, address key);
    error UnknownVerdict(uint8 verdict);
    error UnknownMetricKind(uint8 metricKind);
    error UnknownMetricChannel(uint8 metricChannel);
    error MarginOutOfRange(uint16 marginBips);
    error ScoreOutOfInterval(int256 lower, int256 score, int256 upper);
    /// @notice An exact metric has one value.
    error ExactWithInterval(int256 lower, int256 upper);
    error BelowThreshold(int256 lower, int256 incumbent, uint16 marginBips);
    error ReachesThreshold(int256 upper, int256 incumbent, uint16 marginBips);
    error NotAVerdict(uint8 verdict);
    error WrongStatementCount(uint256 statements, uint256 signatures, uint256 needed);
    error StatementsDisagree(bytes32 ticket);
    error StatementDiffers(bytes32 ticket);
    error SameOperator(address operator);
    error TimedNotCounted(uint256 proposalId);
    error BestRose(uint256 proposalId, int256 lower, int256 best);
    error SharedNotEntered(uint256 projectId);
    error JumpAboveBound(uint256 projectId, int256 score, int256 best);
    error Overtaken(uint256 proposalId, uint256 by);
    error BestSetElsewhere(uint256 projectId, int256 best);
    error IncumbentChanged(uint256 proposalId, int256 best);
    error PoolTooSmall(uint256 proposalId, uint256 stake);

    constructor(IProposalLedger ledger_, SharedProjects sharedProjects_, uint8 timedQuorum_)
        EIP712("orv", "1")
    {
        if (timedQuorum_ == 0 || timedQuorum_ > MOST_QUORUM) revert QuorumOutOfRange(timedQuorum_);
        ledger = ledger_;
        registry = IProjectRegistry(ledger_.registry());
        sharedProjects = sharedProjects_;
        timedQuorum = timedQuorum_;
    }

    /// @notice What an enclave signs.
    function runDigest(Run calldata run) public view returns (bytes32) {
        return _hashTypedDataV4(RunHash.structHash(run));
    }

    /// @notice The proposal whose approve through this gateway set the project's best last.
    function bestOf(uint256 projectId) external view returns (Best memory) {
        return _bests[projectId];
    }

    /// @dev One exact statement or a quorum of timed ones, all about one proposal with one verdict.
    function _requireQuorum(Run[] calldata runs, uint256 signatures) internal view {
        uint256 needed = runs.length != 0 && runs[0].metricKind == MetricKind.TIMED ? timedQuorum : 1;
        if (runs.length != needed || signatures != needed) {
            revert WrongStatementCount(runs.length, signatures, needed);
        }
        if (runs[0].verdict == Verdict.INCONCLUSIVE) revert NotAVerdict(runs[0].verdict);
        for (uint256 i = 1; i < runs.length; i++) {
            bool agrees = runs[i].proposalId == runs[0].proposalId && runs[i].verdict == runs[0].verdict
                && runs[i].metricKind == runs[0].metricKind && runs[i].metricChannel == runs[0].metricChannel
                && runs[i].marginBips == runs[0].marginBips;
            if (!agrees) revert StatementsDisagree(runs[i].ticket);
        }
    }

    /// @dev The statement is the ticket's key's own, the key counts now, and everything in it that the chain
    /// knows is so.
    function _requireFaithful(
        Run calldata run,
        bytes calldata signature,
        Ticket storage ticket,
        Case memory matter
    ) internal view returns (bool timedAllowed) {
        if (run.ledger != address(ledger)) {
            revert WrongLedger(run.ledger, address(ledger));
        }
        if (run.registry != address(registry)) revert WrongRegistry(run.registry, address(registry));
        if (run.proposalId != ticket.proposalId) revert WrongProposal(run.proposalId, ticket.proposalId);
        _requireSameInputs(run, matter);
        _requireKnownIncumbent(run, ticket, matter.project);
        _requireSane(run);
        EnclaveKey memory key;
        (key, timedAllowed) = _enclaves().requireLive(ticket.key);
        if (run.evidenceRoot != key.evidenceRoot) revert WrongEvidence(run.evidenceRoot, key.evidenceRoot);
        if (run.platformTier != key.platformTier) {
            revert WrongPlatformTier(run.platformTier, key.platformTier);
        }
        (address signer,,) = ECDSA.tryRecoverCalldata(runDigest(run), signature);
        if (signer != ticket.key) revert WrongSigner(signer, ticket.key);
    }

    function _requireNoObstacle(Run calldata run, Case memory matter, bool timedAllowed) internal view {
        Obstacle obstacle = _obstacle(run, matter, timedAllowed);
        if (obstacle == Obstacle.None) return;
        uint256 projectId = run.projectId;
        int256 best = matter.project.currentBestAggregateScore;
        if (obstacle == Obstacle.TimedNotCounted) revert TimedNotCounted(run.proposalId);
        if (obstacle == Obstacle.BestRose) revert BestRose(run.proposalId, run.lower, best);
        if (obstacle == Obstacle.SharedNotEntered) revert SharedNotEntered(projectId);
        if (obstacle == Obstacle.JumpAboveBound) revert JumpAboveBound(projectId, run.lower, best);
        if (obstacle == Obstacle.Overtaken) revert Overtaken(run.proposalId, _bests[projectId].proposalId);
        if (obstacle == Obstacle.PoolTooSmall) revert PoolTooSmall(run.proposalId, matter.proposal.stake);
        if (obstacle == Obstacle.BestSetElsewhere) revert BestSetElsewhere(projectId, best);
        revert IncumbentChanged(run.proposalId, best);
    }

    /// @dev Why the verdict must not be carried out now. Reverts where the statement contradicts itself.
    function _obstacle(Run calldata run, Case memory matter, bool timedAllowed)
        internal
        view
        returns (Obstacle)
    {
        if (run.metricKind == MetricKind.TIMED && !timedAllowed) return Obstacle.TimedNotCounted;
        if (run.verdict == Verdict.APPROVE) return _obstacleToApprove(run, matter);
        return _obstacleToReject(run, matter.project);
    }

    /// @dev Whether `run` rather than `other` goes on chain: the one that is worse for the claim it makes.
    /// Equal ones are told apart by their bundles, so that the caller's order decides nothing.
    function _decidesOver(Run calldata run, Run calldata other) internal pure returns (bool) {
        bool approves = run.verdict == Verdict.APPROVE;
        int256 mine = approves ? run.lower : run.upper;
        int256 theirs = approves ? other.lower : other.upper;
        if (mine == theirs) return run.bundleRoot < other.bundleRoot;
        return approves ? mine < theirs : mine > theirs;
    }

    function _rememberBest(uint256 projectId, uint256 proposalId, int256 score) internal {
        _bests[projectId] = Best(proposalId, score, true);
    }

    function _obstacleToApprove(Run calldata run, Case memory matter) private view returns (Obstacle) {
        int256 best = matter.project.currentBestAggregateScore;
        if (!Threshold.reached(run.lower, best, run.marginBips)) {
            if (_measuredAgainst(run, matter.project)) {
                revert BelowThreshold(run.lower, best, run.marginBips);
            }
            return Obstacle.BestRose;
        }
        ProjectToken token = ProjectToken(matter.project.token);
        uint256 room = token.minerPoolCap() - token.minerPoolMinted();
        if (matter.proposal.stake > room) return Obstacle.PoolTooSmall;
        if (run.metricChannel != MetricChannel.SHARED) return Obstacle.None;
        (bool entered, uint32 bound) = sharedProjects.boundOf(run.projectId);
        if (!entered) return Obstacle.SharedNotEntered;
        return Threshold.jumped(run.lower, best, bound) ? Obstacle.JumpAboveBound : Obstacle.None;
    }

    function _obstacleToReject(Run calldata run, Project memory project) private view returns (Obstacle) {
        int256 score = project.currentBestAggregateScore;
        if (project.currentBestMiner != address(0)) {
            Best memory best = _bests[run.projectId];
            if (!best.known || best.score != score) return Obstacle.BestSetElsewhere;
            if (best.proposalId > run.proposalId) return Obstacle.Overtaken;
        }
        if (!_measuredAgainst(run, project)) return Obstacle.IncumbentChanged;
        if (Threshold.reached(run.upper, score, run.marginBips)) {
            revert ReachesThreshold(run.upper, score, run.marginBips);
        }
        return Obstacle.None;
    }

    function _requireSameInputs(Run calldata run, Case memory matter) private pure {
        uint256 projectId = matter.proposal.projectId;
        if (run.projectId != projectId) revert WrongProject(run.projectId, projectId);
        bytes32 project = Digest.ofProject(matter.project);
        if (run.projectDigest != project) revert WrongProjectDigest(run.projectDigest, project);
        bytes32 proposal = Digest.ofProposal(matter.proposal);
        if (run.proposalDigest != proposal) revert WrongProposalDigest(run.proposalDigest, proposal);
    }

    function _requireKnownIncumbent(Run calldata run, Ticket storage ticket, Project memory project)
        private
        view
    {
        bool known = _measuredAgainst(run, project)
            || Digest.ofIncumbent(run.incumbentCodeHash, run.incumbentScore) == ticket.incumbent;
        if (!known) revert WrongIncumbent(run.incumbentCodeHash, run.incumbentScore);
    }

    /// @dev Whether the statement's incumbent is the project's best now.
    function _measuredAgainst(Run calldata run, Project memory project) private pure returns (bool) {
        return run.incumbentCodeHash == project.currentBestCodeHash
            && run.incumbentScore == project.currentBestAggregateScore;
    }

    function _requireSane(Run calldata run) private pure {
        if (run.verdict == 0 || run.verdict > Verdict.INCONCLUSIVE) revert UnknownVerdict(run.verdict);
        if (run.verdict == Verdict.INCONCLUSIVE) return;
        if (run.metricKind == 0 || run.metricKind > MetricKind.TIMED) {
            revert UnknownMetricKind(run.metricKind);
        }
        if (run.metricChannel == 0 || run.metricChannel > MetricChannel.SHARED) {
            revert UnknownMetricChannel(run.metricChannel);
        }
        if (run.marginBips > Threshold.ONE) revert MarginOutOfRange(run.marginBips);
        if (run.lower > run.score || run.score > run.upper) {
            revert ScoreOutOfInterval(run.lower, run.score, run.upper);
        }
        if (run.metricKind == MetricKind.EXACT && run.lower != run.upper) {
            revert ExactWithInterval(run.lower, run.upper);
        }
    }

    function _enclaves() internal view virtual returns (EnclaveRegistry);
}
