// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {IProjectRegistry} from "./IProjectRegistry.sol";
import {IProposalLedger, Proposal, ProposalStatus} from "./IProposalLedger.sol";
import {ProjectToken} from "./ProjectToken.sol";
import {VerifierRegistry} from "./VerifierRegistry.sol";

/// @title Proposals, their stakes and their review.
/// @notice Compatible with the deployed ProposalLedger, down to what it lacks: a claim cannot be released
/// for 24 hours by anyone, seven days end a proposal whoever is reviewing it, approving earns nothing.
contract ProposalLedger is IProposalLedger, ReentrancyGuard {
    using SafeERC20 for IERC20;

    uint16 public constant BPS_DENOMINATOR = 10000;
    uint16 public constant SLASH_BPS_TO_VERIFIER_POOL = 5000;
    uint16 public constant SLASH_BPS_TO_BURN = 5000;
    uint64 public constant REVIEW_LOCK = 86400;
    /// @inheritdoc IProposalLedger
    uint64 public constant EXPIRY_WINDOW = 604800;

    /// @inheritdoc IProposalLedger
    address public immutable registry;
    /// @notice The allow-list of verifiers.
    address public immutable verifierRegistry;
    /// @notice The id that the next proposal will get; ids count from zero over all projects.
    uint256 public nextProposalId;
    /// @notice Slashed tokens credited to an account, in a project's token.
    mapping(uint256 projectId => mapping(address account => uint256)) public claimable;
    mapping(uint256 proposalId => Proposal) private _proposals;

    event ProposalSubmitted(
        uint256 indexed id,
        uint256 indexed projectId,
        address indexed miner,
        address rewardRecipient,
        bytes32 codeHash,
        int256 claimedAggregateScore,
        uint256 stake
    );
    event ReviewClaimed(uint256 indexed id, address indexed verifier, uint64 reviewLockUntil);
    event ReviewReleased(uint256 indexed id);
    event ProposalApproved(
        uint256 indexed id, address indexed verifier, int256 verifiedAggregateScore, bytes32 metricsHash
    );
    event ProposalRejected(uint256 indexed id, address indexed verifier, bytes32 metricsHash);
    event ProposalExpired(uint256 indexed id, address indexed cranker);
    event StakeSlashed(
        uint256 indexed id, address indexed beneficiary, uint256 toVerifierPool, uint256 burned
    );
    event RewardClaimed(uint256 indexed projectId, address indexed account, uint256 amount);

    error ExpiryNotReached();
    error LockActive();
    error LockExpired();
    error NotVerifier();
    error NothingToClaim();
    error RegistryZero();
    error ScoreNotImproved();
    error UnknownProject();
    error UnknownProposal();
    error VerifierRegistryZero();
    error WrongReviewer();
    error WrongStatus();
    error ZeroStake();

    modifier onlyVerifier() {
        if (!VerifierRegistry(verifierRegistry).isVerifier(msg.sender)) revert NotVerifier();
        _;
    }

    constructor(address registry_, address verifierRegistry_) {
        if (registry_ == address(0)) revert RegistryZero();
        if (verifierRegistry_ == address(0)) revert VerifierRegistryZero();
        registry = registry_;
        verifierRegistry = verifierRegistry_;
    }

    /// @notice Submits code with a stake of the project's tokens, which must be allowed to the ledger.
    function submit(
        uint256 projectId,
        bytes32 codeHash,
        bytes32 benchmarkLogHash,
        int256 claimedAggregateScore,
        uint256 stake,
        address rewardRecipient
    ) external nonReentrant returns (uint256 proposalId) {
        address token = IProjectRegistry(registry).tokenOf(projectId);
        if (token == address(0)) revert UnknownProject();
        if (stake == 0) revert ZeroStake();
        address recipient = rewardRecipient == address(0) ? msg.sender : rewardRecipient;
        proposalId = nextProposalId++;
        Proposal storage proposal = _proposals[proposalId];
        proposal.projectId = projectId;
        proposal.miner = msg.sender;
        proposal.rewardRecipient = recipient;
        proposal.codeHash = codeHash;
        proposal.benchmarkLogHash = benchmarkLogHash;
        proposal.claimedAggregateScore = claimedAggregateScore;
        proposal.stake = stake;
        proposal.submittedAt = uint64(block.timestamp);
        IERC20(token).safeTransferFrom(msg.sender, address(this), stake);
        emit ProposalSubmitted(
            proposalId, projectId, msg.sender, recipient, codeHash, claimedAggregateScore, stake
        );
    }

    /// @inheritdoc IProposalLedger
    function claimReview(uint256 proposalId) external onlyVerifier {
        Proposal storage proposal = _known(proposalId);
        if (proposal.status != ProposalStatus.SUBMITTED) revert WrongStatus();
        uint64 lockUntil = uint64(block.timestamp) + REVIEW_LOCK;
        proposal.status = ProposalStatus.REVIEWING;
        proposal.reviewer = msg.sender;
        proposal.reviewLockUntil = lockUntil;
        emit ReviewClaimed(proposalId, msg.sender, lockUntil);
    }

    /// @inheritdoc IProposalLedger
    function releaseReview(uint256 proposalId) external {
        Proposal storage proposal = _known(proposalId);
        if (proposal.status != ProposalStatus.REVIEWING) revert WrongStatus();
        if (block.timestamp < proposal.reviewLockUntil) revert LockActive();
        proposal.status = ProposalStatus.SUBMITTED;
        proposal.reviewer = address(0);
        proposal.reviewLockUntil = 0;
        emit ReviewReleased(proposalId);
    }

    /// @inheritdoc IProposalLedger
    function approve(uint256 proposalId, int256 verifiedAggregateScore, bytes32 metricsHash)
        external
        nonReentrant
        onlyVerifier
    {
        Proposal storage proposal = _underReview(proposalId);
        uint256 projectId = proposal.projectId;
        IProjectRegistry projects = IProjectRegistry(registry);
        if (verifiedAggregateScore <= projects.currentBestAggregateScore(projectId)) {
            revert ScoreNotImproved();
        }
        proposal.status = ProposalStatus.APPROVED;
        proposal.verifiedAggregateScore = verifiedAggregateScore;
        proposal.metricsHash = metricsHash;
        address miner = proposal.miner;
        uint256 stake = proposal.stake;
        projects.updateBest(projectId, miner, verifiedAggregateScore, proposal.codeHash, metricsHash);
        address token = projects.tokenOf(projectId);
        IERC20(token).safeTransfer(miner, stake);
        ProjectToken(token).mintMinerReward(proposal.rewardRecipient, stake);
        emit ProposalApproved(proposalId, msg.sender, verifiedAggregateScore, metricsHash);
    }

    /// @inheritdoc IProposalLedger
    function reject(uint256 proposalId, bytes32 metricsHash) external nonReentrant onlyVerifier {
        Proposal storage proposal = _underReview(proposalId);
        proposal.status = ProposalStatus.REJECTED;
        proposal.metricsHash = metricsHash;
        _slash(proposalId, proposal, msg.sender);
        emit ProposalRejected(proposalId, msg.sender, metricsHash);
    }

    /// @inheritdoc IProposalLedger
    function expire(uint256 proposalId) external nonReentrant {
        Proposal storage proposal = _known(proposalId);
        if (proposal.status > ProposalStatus.REVIEWING) revert WrongStatus();
        if (block.timestamp < proposal.submittedAt + EXPIRY_WINDOW) revert ExpiryNotReached();
        proposal.status = ProposalStatus.EXPIRED;
        _slash(proposalId, proposal, msg.sender);
        emit ProposalExpired(proposalId, msg.sender);
    }

    /// @inheritdoc IProposalLedger
    function claimReward(uint256 projectId) external nonReentrant returns (uint256 amount) {
        amount = claimable[projectId][msg.sender];
        if (amount == 0) revert NothingToClaim();
        claimable[projectId][msg.sender] = 0;
        IERC20(IProjectRegistry(registry).tokenOf(projectId)).safeTransfer(msg.sender, amount);
        emit RewardClaimed(projectId, msg.sender, amount);
    }

    /// @inheritdoc IProposalLedger
    function getProposal(uint256 proposalId) external view returns (Proposal memory) {
        return _proposals[proposalId];
    }

    /// @dev Half of the stake, rounded down, becomes the beneficiary's credit; the rest is burned.
    function _slash(uint256 proposalId, Proposal storage proposal, address beneficiary) private {
        uint256 projectId = proposal.projectId;
        uint256 stake = proposal.stake;
        uint256 credit = stake * SLASH_BPS_TO_VERIFIER_POOL / BPS_DENOMINATOR;
        uint256 burned = stake - credit;
        claimable[projectId][beneficiary] += credit;
        ProjectToken(IProjectRegistry(registry).tokenOf(projectId)).burnFromLedger(burned);
        emit StakeSlashed(proposalId, beneficiary, credit, burned);
    }

    function _underReview(uint256 proposalId) private view returns (Proposal storage proposal) {
        proposal = _known(proposalId);
        if (proposal.status != ProposalStatus.REVIEWING) revert WrongStatus();
        if (proposal.reviewer != msg.sender) revert WrongReviewer();
        if (block.timestamp >= proposal.reviewLockUntil) revert LockExpired();
    }

    function _known(uint256 proposalId) private view returns (Proposal storage proposal) {
        if (proposalId >= nextProposalId) revert UnknownProposal();
        return _proposals[proposalId];
    }
}
