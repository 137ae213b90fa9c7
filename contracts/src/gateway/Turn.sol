// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProposalLedger, Proposal, ProposalStatus} from "../upstream/IProposalLedger.sol";

/// @title First come, first judged: a copy cannot overtake its original.
/// @notice A project's cursor moves over ledger ids that no longer stand in anyone's way: another project's,
/// terminal, recorded inconclusive, or older than the priority window. Each of these stays true, so the cursor
/// never moves back. Submission times rise with ids, so everything older than the window is skipped by a binary
/// search: whoever floods the ledger holds others up for the window at most.
abstract contract Turn {
    /// @notice Ids looked at by one approve; a longer way is gone with `advance` beforehand.
    uint256 public constant STEPS_IN_SETTLE = 64;

    /// @notice Seconds for which an undecided proposal keeps later ones of its project waiting.
    uint64 public immutable priorityWindow;
    /// @notice Every proposal of the project below this ledger id stands in nobody's way.
    mapping(uint256 projectId => uint256) public turnOf;

    event TurnAdvanced(uint256 indexed projectId, uint256 turn);

    /// @notice The approve has to wait for an earlier proposal of the same project.
    error EarlierUndecided(uint256 proposalId, uint256 earlier);
    /// @notice The way is not yet looked at; call `advance`.
    error TurnNotReached(uint256 proposalId, uint256 turn);

    constructor(uint64 priorityWindow_) {
        priorityWindow = priorityWindow_;
    }

    /// @notice Moves the project's cursor over at most `steps` ids. Anyone may.
    /// @return turn the cursor: the first id that may still stand in the way.
    function advance(uint256 projectId, uint256 steps) external returns (uint256 turn) {
        (turn,) = _advance(projectId, _ledger().nextProposalId(), steps);
    }

    function _requireTurn(uint256 projectId, uint256 proposalId) internal {
        (uint256 turn, bool blocked) = _advance(projectId, proposalId, STEPS_IN_SETTLE);
        if (turn >= proposalId) return;
        if (blocked) revert EarlierUndecided(proposalId, turn);
        revert TurnNotReached(proposalId, turn);
    }

    function _advance(uint256 projectId, uint256 end, uint256 steps)
        private
        returns (uint256 turn, bool blocked)
    {
        uint256 before = turnOf[projectId];
        turn = before < end ? _firstYoung(before, end) : before;
        for (; turn < end && steps != 0; steps--) {
            if (_standsInTheWay(projectId, turn)) {
                blocked = true;
                break;
            }
            turn++;
        }
        if (turn != before) {
            turnOf[projectId] = turn;
            emit TurnAdvanced(projectId, turn);
        }
    }

    /// @dev Age is not asked here: the cursor has passed everything older than the window.
    function _standsInTheWay(uint256 projectId, uint256 proposalId) private view returns (bool) {
        Proposal memory earlier = _ledger().getProposal(proposalId);
        return earlier.projectId == projectId && earlier.status <= ProposalStatus.REVIEWING
            && !_wasInconclusive(proposalId);
    }

    /// @dev The first id in [start, end) that is within the window, or `end`.
    function _firstYoung(uint256 start, uint256 end) private view returns (uint256) {
        if (!_isOld(_ledger().getProposal(start))) return start;
        while (start < end) {
            uint256 middle = start + (end - start) / 2;
            if (_isOld(_ledger().getProposal(middle))) start = middle + 1;
            else end = middle;
        }
        return start;
    }

    function _isOld(Proposal memory proposal) private view returns (bool) {
        return block.timestamp >= proposal.submittedAt + priorityWindow;
    }

    function _ledger() internal view virtual returns (IProposalLedger);
    function _wasInconclusive(uint256 proposalId) internal view virtual returns (bool);
}
