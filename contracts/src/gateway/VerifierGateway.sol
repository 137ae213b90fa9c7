// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {EnclaveRegistry} from "../admission/EnclaveRegistry.sol";
import {IProposalLedger, Proposal, ProposalStatus} from "../upstream/IProposalLedger.sol";
import {RewardPot} from "./RewardPot.sol";
import {MetricKind, Run, RunHash, Verdict} from "./Run.sol";
import {SharedProjects} from "./SharedProjects.sol";
import {Case, Obstacle, Statements} from "./Statements.sol";
import {Ticket, TicketState, Tickets} from "./Tickets.sol";
import {Turn} from "./Turn.sol";

/// @notice Everything the gateway is built with; nothing of it ever changes.
struct Configuration {
    IProposalLedger ledger;
    EnclaveRegistry enclaves;
    SharedProjects sharedProjects;
    /// @dev Different operators whose timed statements must agree, 1 to 3.
    uint8 timedQuorum;
    /// @dev Seconds.
    uint64 ticketLife;
    /// @dev Seconds; a day on a public chain.
    uint64 priorityWindow;
    /// @dev Seconds.
    uint64 payoutDelay;
    /// @dev Share of a project's pot that a settled verdict pays, in hundredths of a per cent.
    uint16 feeBips;
}

/// @title The one verifier that the ledger lists: any admitted enclave's verdict, under rules nobody can bend.
/// @notice Holds no coin, takes no decision and has no owner. It opens tickets, and carries out statements that
/// enclave keys signed; claim and verdict are one transaction, so that nothing is ever left locked.
contract VerifierGateway is Tickets, Turn, RewardPot, Statements, ReentrancyGuard {
    using SafeERC20 for IERC20;

    event StatementInconclusive(
        uint256 indexed proposalId, bytes32 indexed ticket, bytes32 reason, bytes32 bundleRoot
    );
    /// @notice A verdict that the rules do not let through was recorded as inconclusive.
    event StatementSetAside(
        uint256 indexed proposalId, bytes32 indexed ticket, Obstacle obstacle, bytes32 bundleRoot
    );
    event StatementHeld(
        uint256 indexed proposalId,
        bytes32 indexed ticket,
        address indexed operator,
        uint8 verdict,
        bytes32 bundleRoot
    );
    event VerdictSettled(
        uint256 indexed proposalId,
        bytes32 indexed ticket,
        uint8 verdict,
        int256 score,
        bytes32 bundleRoot,
        uint256 fee
    );
    event ExpiredFor(uint256 indexed proposalId, address indexed miner, uint256 returned);

    /// @notice The statement can be settled as it is; recording it would waste it.
    error MustSettle(bytes32 ticket);

    constructor(Configuration memory configuration)
        Tickets(configuration.enclaves, configuration.ticketLife)
        Turn(configuration.priorityWindow)
        RewardPot(configuration.feeBips, configuration.payoutDelay)
        Statements(configuration.ledger, configuration.sharedProjects, configuration.timedQuorum)
    {}

    /// @notice Opens a ticket on a proposal with a live key of the caller.
    function open(uint256 proposalId, address key) external nonReentrant returns (bytes32 ticket) {
        Proposal memory proposal = ledger.getProposal(proposalId);
        _requireDecidable(proposalId, proposal);
        uint64 deadline = proposal.submittedAt + ledger.EXPIRY_WINDOW();
        if (block.timestamp >= deadline) revert PastDeadline(proposalId, deadline);
        return _open(proposalId, key, registry.getProject(proposal.projectId));
    }

    /// @notice Uses a ticket up without a verdict: an inconclusive statement, a timed one that waits for other
    /// operators, or one that an obstacle keeps from settling.
    function record(Run calldata run, bytes calldata signature) external nonReentrant {
        Ticket storage ticket = _usable(run.ticket);
        Case memory matter = _load(run.proposalId);
        bool timedAllowed = _requireFaithful(run, signature, ticket, matter);
        ticket.statement = RunHash.structHash(run);
        if (run.verdict == Verdict.INCONCLUSIVE) {
            _close(run, ticket);
            emit StatementInconclusive(run.proposalId, run.ticket, run.reason, run.bundleRoot);
            return;
        }
        Obstacle obstacle = _obstacle(run, matter, timedAllowed);
        if (obstacle != Obstacle.None) {
            _close(run, ticket);
            emit StatementSetAside(run.proposalId, run.ticket, obstacle, run.bundleRoot);
            return;
        }
        if (run.metricKind != MetricKind.TIMED || timedQuorum == 1) revert MustSettle(run.ticket);
        ticket.state = TicketState.Held;
        emit StatementHeld(run.proposalId, run.ticket, ticket.operator, run.verdict, run.bundleRoot);
    }

    /// @notice Carries a verdict out: one exact statement, or agreeing timed ones of `timedQuorum` operators.
    function settle(Run[] calldata runs, bytes[] calldata signatures) external nonReentrant {
        _requireQuorum(runs, signatures.length);
        Case memory matter = _load(runs[0].proposalId);
        _requireDecidable(runs[0].proposalId, matter.proposal);
        uint256 deciding = 0;
        for (uint256 i = 0; i < runs.length; i++) {
            _use(runs, i, signatures[i], matter);
            if (_decidesOver(runs[i], runs[deciding])) deciding = i;
        }
        uint256 fee = feeFor(matter.proposal.projectId, matter.proposal.stake);
        int256 score = _carryOut(runs[deciding], matter);
        _share(runs, matter.proposal.projectId, fee);
        emit VerdictSettled(
            runs[deciding].proposalId,
            runs[deciding].ticket,
            runs[deciding].verdict,
            score,
            runs[deciding].bundleRoot,
            fee
        );
    }

    /// @notice Expires a proposal after the ledger's deadline and gives the credit back to its miner. Anyone may;
    /// whoever expires it on the ledger itself keeps the credit.
    function expireFor(uint256 proposalId) external nonReentrant returns (uint256 returned) {
        Proposal memory proposal = ledger.getProposal(proposalId);
        _fill(proposal.projectId, _collect(proposal.projectId));
        ledger.expire(proposalId);
        returned = _collect(proposal.projectId);
        emit ExpiredFor(proposalId, proposal.miner, returned);
        IERC20(registry.tokenOf(proposal.projectId)).safeTransfer(proposal.miner, returned);
    }

    /// @notice Pays an operator's fees of one project to its payout address. Anyone may.
    function withdraw(uint256 projectId, address operator) external nonReentrant {
        _withdraw(projectId, operator, registry.tokenOf(projectId));
    }

    /// @dev Checks one statement of a settlement and uses its ticket up. `open` already keeps an operator from
    /// holding two live statements; that operators differ is checked here as well, where it counts.
    function _use(Run[] calldata runs, uint256 index, bytes calldata signature, Case memory matter) private {
        Run calldata run = runs[index];
        Ticket storage ticket = _tickets[run.ticket];
        bytes32 statement = RunHash.structHash(run);
        if (ticket.state != TicketState.Held) ticket = _usable(run.ticket);
        else if (ticket.statement != statement) revert StatementDiffers(run.ticket);
        for (uint256 i = 0; i < index; i++) {
            address other = _tickets[runs[i].ticket].operator;
            if (other == ticket.operator) revert SameOperator(other);
        }
        bool timedAllowed = _requireFaithful(run, signature, ticket, matter);
        _requireNoObstacle(run, matter, timedAllowed);
        ticket.state = TicketState.Settled;
        ticket.statement = statement;
    }

    /// @dev Claims and settles on the ledger in this one transaction.
    function _carryOut(Run calldata run, Case memory matter) private returns (int256 score) {
        uint256 projectId = matter.proposal.projectId;
        bool approves = run.verdict == Verdict.APPROVE;
        if (approves) _requireTurn(projectId, run.proposalId);
        if (matter.proposal.status == ProposalStatus.REVIEWING) ledger.releaseReview(run.proposalId);
        ledger.claimReview(run.proposalId);
        if (approves) {
            score = run.lower;
            _rememberBest(projectId, run.proposalId, score);
            ledger.approve(run.proposalId, score, run.bundleRoot);
        } else {
            score = run.upper;
            ledger.reject(run.proposalId, run.bundleRoot);
            _fill(projectId, _collect(projectId));
        }
    }

    /// @dev Equal shares to the operators; what does not divide stays in the pot.
    function _share(Run[] calldata runs, uint256 projectId, uint256 fee) private {
        for (uint256 i = 0; i < runs.length; i++) {
            _earn(projectId, _tickets[runs[i].ticket].operator, fee / runs.length);
        }
    }

    function _close(Run calldata run, Ticket storage ticket) private {
        ticket.state = TicketState.Inconclusive;
        isInconclusive[run.proposalId] = true;
    }

    /// @dev Takes what the ledger credits to this contract.
    function _collect(uint256 projectId) private returns (uint256) {
        return ledger.claimable(projectId, address(this)) == 0 ? 0 : ledger.claimReward(projectId);
    }

    function _load(uint256 proposalId) private view returns (Case memory matter) {
        matter.proposal = ledger.getProposal(proposalId);
        matter.project = registry.getProject(matter.proposal.projectId);
    }

    function _ledger() internal view override returns (IProposalLedger) {
        return ledger;
    }

    function _wasInconclusive(uint256 proposalId) internal view override returns (bool) {
        return isInconclusive[proposalId];
    }

    function _enclaves() internal view override returns (EnclaveRegistry) {
        return enclaves;
    }
}
