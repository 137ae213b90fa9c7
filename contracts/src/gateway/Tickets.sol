// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnclaveKey, EnclaveRegistry} from "../admission/EnclaveRegistry.sol";
import {Project} from "../upstream/IProjectRegistry.sol";
import {IProposalLedger, Proposal, ProposalStatus} from "../upstream/IProposalLedger.sol";
import {Digest} from "./Digest.sol";

/// @notice What became of a ticket.
enum TicketState {
    None,
    Open,
    Lapsed,
    Inconclusive,
    Held,
    Settled
}

/// @notice A public attempt at judging one proposal with one key.
struct Ticket {
    uint256 proposalId;
    address key;
    uint64 openedAt;
    TicketState state;
    address operator;
    /// @dev Digest.ofIncumbent when the ticket was opened.
    bytes32 incumbent;
    /// @dev RunHash.structHash of the statement that used the ticket up; zero while there is none.
    bytes32 statement;
}

/// @title Attempts are public, numbered and few: nobody throws the dice again unseen.
abstract contract Tickets {
    /// @notice Attempts a proposal has, over all keys and for good.
    uint256 public constant MOST_ATTEMPTS = 3;

    /// @notice Keys that may take tickets.
    EnclaveRegistry public immutable enclaves;
    /// @notice Seconds in which a ticket must be used.
    uint64 public immutable ticketLife;
    mapping(bytes32 ticket => Ticket) internal _tickets;
    mapping(uint256 proposalId => bytes32[]) private _attempts;
    /// @notice Whether an attempt at the proposal ended inconclusive.
    mapping(uint256 proposalId => bool) public isInconclusive;

    event TicketOpened(
        uint256 indexed proposalId,
        address indexed key,
        address indexed operator,
        bytes32 ticket,
        uint8 attempt,
        uint64 closesAt,
        bytes32 incumbentCodeHash,
        int256 incumbentScore
    );
    event TicketLapsed(uint256 indexed proposalId, bytes32 indexed ticket);

    error ZeroTicketLife();
    error UnknownProposal(uint256 proposalId);
    /// @notice The proposal is settled, or another verifier's lock is in force.
    error NotDecidable(uint256 proposalId, uint8 status, uint64 reviewLockUntil);
    /// @notice Anyone may expire the proposal on the ledger by now.
    error PastDeadline(uint256 proposalId, uint64 deadline);
    error TicketStillOpen(uint256 proposalId, bytes32 ticket, uint64 closesAt);
    error AttemptsExhausted(uint256 proposalId);
    /// @notice Only the key's operator opens tickets with it, or strangers would use its attempts up.
    error NotKeyOperator(address caller, address operator);
    /// @notice The operator's own statement already waits for another operator's.
    error StatementAlreadyHeld(uint256 proposalId, bytes32 ticket);
    error UnknownTicket(bytes32 ticket);
    error TicketNotOpen(bytes32 ticket, TicketState state);
    error TicketTimedOut(bytes32 ticket, uint64 closesAt);

    constructor(EnclaveRegistry enclaves_, uint64 ticketLife_) {
        if (ticketLife_ == 0) revert ZeroTicketLife();
        enclaves = enclaves_;
        ticketLife = ticketLife_;
    }

    /// @notice The ticket as stored; all zero when it was never opened.
    function ticketOf(bytes32 ticket) external view returns (Ticket memory) {
        return _tickets[ticket];
    }

    /// @notice Every ticket of the proposal, oldest first; at most three.
    function ticketsOf(uint256 proposalId) external view returns (bytes32[] memory) {
        return _attempts[proposalId];
    }

    /// @notice The ticket that can be used now; zero when there is none.
    function openTicketOf(uint256 proposalId) external view returns (bytes32 ticket) {
        bytes32[] storage attempts = _attempts[proposalId];
        if (attempts.length == 0) return 0;
        ticket = attempts[attempts.length - 1];
        Ticket storage entry = _tickets[ticket];
        if (entry.state != TicketState.Open || block.timestamp >= _closesAt(entry)) return 0;
    }

    function _open(uint256 proposalId, address key, Project memory project)
        internal
        returns (bytes32 ticket)
    {
        bytes32[] storage attempts = _attempts[proposalId];
        uint256 attempt = attempts.length + 1;
        if (attempts.length != 0) _lapse(proposalId, attempts[attempts.length - 1]);
        if (attempt > MOST_ATTEMPTS) revert AttemptsExhausted(proposalId);
        EnclaveKey memory entry = enclaves.consume(key);
        if (msg.sender != entry.operator) revert NotKeyOperator(msg.sender, entry.operator);
        _requireNotHeld(proposalId, attempts, entry.operator);
        ticket = keccak256(
            abi.encode(block.chainid, address(this), proposalId, key, attempt, blockhash(block.number - 1))
        );
        attempts.push(ticket);
        Ticket storage opened = _tickets[ticket];
        opened.proposalId = proposalId;
        opened.key = key;
        opened.openedAt = uint64(block.timestamp);
        opened.state = TicketState.Open;
        opened.operator = entry.operator;
        opened.incumbent = Digest.ofIncumbent(project.currentBestCodeHash, project.currentBestAggregateScore);
        emit TicketOpened(
            proposalId,
            key,
            entry.operator,
            ticket,
            uint8(attempt),
            _closesAt(opened),
            project.currentBestCodeHash,
            project.currentBestAggregateScore
        );
    }

    /// @dev Nobody else is reviewing the proposal and nobody has settled it.
    function _requireDecidable(uint256 proposalId, Proposal memory proposal) internal view {
        if (proposal.miner == address(0)) revert UnknownProposal(proposalId);
        bool free = proposal.status == ProposalStatus.SUBMITTED
            || (proposal.status == ProposalStatus.REVIEWING && block.timestamp >= proposal.reviewLockUntil);
        if (!free) revert NotDecidable(proposalId, proposal.status, proposal.reviewLockUntil);
    }

    /// @dev The open ticket, if its time has not run out.
    function _usable(bytes32 ticket) internal view returns (Ticket storage entry) {
        entry = _tickets[ticket];
        if (entry.state == TicketState.None) revert UnknownTicket(ticket);
        if (entry.state != TicketState.Open) revert TicketNotOpen(ticket, entry.state);
        if (block.timestamp >= _closesAt(entry)) revert TicketTimedOut(ticket, _closesAt(entry));
    }

    /// @dev Ends a ticket whose time ran out; one that still has time keeps the proposal.
    function _lapse(uint256 proposalId, bytes32 ticket) private {
        Ticket storage entry = _tickets[ticket];
        if (entry.state != TicketState.Open) return;
        if (block.timestamp < _closesAt(entry)) revert TicketStillOpen(proposalId, ticket, _closesAt(entry));
        entry.state = TicketState.Lapsed;
        emit TicketLapsed(proposalId, ticket);
    }

    /// @dev A second statement of the same operator is worth nothing while the first one's key lives.
    function _requireNotHeld(uint256 proposalId, bytes32[] storage attempts, address operator) private {
        for (uint256 i = 0; i < attempts.length; i++) {
            Ticket storage earlier = _tickets[attempts[i]];
            if (earlier.state != TicketState.Held || earlier.operator != operator) continue;
            if (enclaves.isLive(earlier.key)) revert StatementAlreadyHeld(proposalId, attempts[i]);
            earlier.state = TicketState.Lapsed;
            emit TicketLapsed(proposalId, attempts[i]);
        }
    }

    function _closesAt(Ticket storage entry) private view returns (uint64) {
        return entry.openedAt + ticketLife;
    }
}
