// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title No profit in slashing: what a rejection brings goes to a pot that pays for every verdict alike.
/// @notice The fee is a share of the pot as it was before the verdict, so that in one and the same state an
/// approve and a reject earn the same; and never more than half of the judged stake, so that whoever has its own
/// worthless proposals rejected pays more than it draws.
abstract contract RewardPot {
    using SafeERC20 for IERC20;

    uint256 private constant ONE = 10_000;

    /// @notice Share of the pot that a settled verdict pays, in hundredths of a per cent.
    uint16 public immutable feeBips;
    /// @notice Seconds before a changed payout address takes effect.
    uint64 public immutable payoutDelay;
    /// @notice Tokens in a project's pot.
    mapping(uint256 projectId => uint256) public potOf;
    /// @notice Tokens of a project that an operator may withdraw.
    mapping(uint256 projectId => mapping(address operator => uint256)) public owed;

    struct Payout {
        address current;
        address next;
        uint64 nextFrom;
    }

    mapping(address operator => Payout) private _payouts;

    event PotFilled(uint256 indexed projectId, uint256 amount);
    event FeeEarned(uint256 indexed projectId, address indexed operator, uint256 amount);
    event PayoutAnnounced(address indexed operator, address payout, uint64 effectiveFrom);
    event Withdrawn(uint256 indexed projectId, address indexed operator, address payout, uint256 amount);

    error FeeOutOfRange(uint16 feeBips);
    error ZeroPayout();
    error NothingOwed(uint256 projectId, address operator);

    constructor(uint16 feeBips_, uint64 payoutDelay_) {
        if (feeBips_ > ONE) revert FeeOutOfRange(feeBips_);
        feeBips = feeBips_;
        payoutDelay = payoutDelay_;
    }

    /// @notice Announces where the caller's fees shall go; before the delay has passed they go where they went.
    function announcePayout(address payout) external {
        if (payout == address(0)) revert ZeroPayout();
        Payout storage entry = _payouts[msg.sender];
        entry.current = payoutOf(msg.sender);
        entry.next = payout;
        entry.nextFrom = uint64(block.timestamp) + payoutDelay;
        emit PayoutAnnounced(msg.sender, payout, entry.nextFrom);
    }

    /// @notice Where an operator's fees go now; its own address until it announced another.
    function payoutOf(address operator) public view returns (address) {
        Payout memory entry = _payouts[operator];
        if (entry.next != address(0) && block.timestamp >= entry.nextFrom) return entry.next;
        return entry.current == address(0) ? operator : entry.current;
    }

    /// @notice The fee that a verdict on a proposal with this stake pays now, whatever the verdict.
    function feeFor(uint256 projectId, uint256 stake) public view returns (uint256) {
        uint256 share = Math.mulDiv(potOf[projectId], feeBips, ONE, Math.Rounding.Ceil);
        return Math.min(share, stake / 2);
    }

    function _withdraw(uint256 projectId, address operator, address token) internal {
        uint256 amount = owed[projectId][operator];
        if (amount == 0) revert NothingOwed(projectId, operator);
        owed[projectId][operator] = 0;
        address payout = payoutOf(operator);
        emit Withdrawn(projectId, operator, payout, amount);
        IERC20(token).safeTransfer(payout, amount);
    }

    function _fill(uint256 projectId, uint256 amount) internal {
        if (amount == 0) return;
        potOf[projectId] += amount;
        emit PotFilled(projectId, amount);
    }

    function _earn(uint256 projectId, address operator, uint256 amount) internal {
        if (amount == 0) return;
        potOf[projectId] -= amount;
        owed[projectId][operator] += amount;
        emit FeeEarned(projectId, operator, amount);
    }
}
