// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

/// @title Token of one project: an ERC-20 of whole units, sold and bought back along a linear curve.
/// @notice Compatible with the deployed ProjectToken. Rewards are minted beside the curve, so the curve
/// does not hold coin for them: the last sellers may meet `EthPayoutFailed`.
contract ProjectToken is ERC20, ReentrancyGuard {
    /// @notice Price in wei of a token at supply zero.
    uint256 public immutable basePrice;
    /// @notice Rise of the price in wei for each token of supply.
    uint256 public immutable slope;
    /// @notice Most tokens that rewards may ever mint.
    uint256 public immutable minerPoolCap;
    /// @notice Tokens that rewards have minted.
    uint256 public minerPoolMinted;
    /// @notice The one contract that mints rewards and burns slashed stake.
    address public immutable proposalLedger;

    event Bought(address indexed buyer, uint256 ethSpent, uint256 tokensOut);
    event Sold(address indexed seller, uint256 tokensIn, uint256 ethOut);
    event MinerRewardMinted(address indexed miner, uint256 amount);
    event LedgerBurned(uint256 amount);

    error EthPayoutFailed();
    error EthRefundFailed();
    error InsufficientPayment();
    error NotLedger();
    error OverSupply();
    error PoolCapExceeded();
    error ZeroAmount();

    modifier onlyLedger() {
        if (msg.sender != proposalLedger) revert NotLedger();
        _;
    }

    constructor(
        string memory name_,
        string memory symbol_,
        uint256 basePrice_,
        uint256 slope_,
        uint256 minerPoolCap_,
        address proposalLedger_
    ) ERC20(name_, symbol_) {
        basePrice = basePrice_;
        slope = slope_;
        minerPoolCap = minerPoolCap_;
        proposalLedger = proposalLedger_;
    }

    /// @notice Tokens are whole: no fractions.
    function decimals() public pure override returns (uint8) {
        return 0;
    }

    /// @notice Buys as many whole tokens as the value pays for and refunds the rest.
    function buy() external payable nonReentrant returns (uint256 tokensOut) {
        if (msg.value == 0) revert ZeroAmount();
        tokensOut = quoteBuy(msg.value);
        if (tokensOut == 0) revert InsufficientPayment();
        uint256 supply = totalSupply();
        uint256 spent = costBetween(supply, supply + tokensOut);
        _mint(msg.sender, tokensOut);
        emit Bought(msg.sender, spent, tokensOut);
        uint256 refund = msg.value - spent;
        if (refund != 0 && !_pay(msg.sender, refund)) revert EthRefundFailed();
    }

    /// @notice Sells tokens back along the curve, without a fee.
    function sell(uint256 amount) external nonReentrant returns (uint256 ethOut) {
        if (amount == 0) revert ZeroAmount();
        uint256 held = balanceOf(msg.sender);
        if (amount > held) revert ERC20InsufficientBalance(msg.sender, held, amount);
        ethOut = quoteSell(amount);
        _burn(msg.sender, amount);
        emit Sold(msg.sender, amount, ethOut);
        if (!_pay(msg.sender, ethOut)) revert EthPayoutFailed();
    }

    /// @notice Mints a reward beside the curve, up to the pool's cap.
    function mintMinerReward(address recipient, uint256 amount) external onlyLedger {
        if (minerPoolMinted + amount > minerPoolCap) revert PoolCapExceeded();
        minerPoolMinted += amount;
        _mint(recipient, amount);
        emit MinerRewardMinted(recipient, amount);
    }

    /// @notice Burns tokens that the ledger holds.
    function burnFromLedger(uint256 amount) external onlyLedger {
        _burn(msg.sender, amount);
        emit LedgerBurned(amount);
    }

    /// @notice The largest number of tokens that costs at most `ethIn`.
    function quoteBuy(uint256 ethIn) public view returns (uint256 tokensOut) {
        if (basePrice == 0 && slope == 0) return 0;
        uint256 supply = totalSupply();
        uint256 tooMany = 1;
        while (costBetween(supply, supply + tooMany) <= ethIn) tooMany *= 2;
        tokensOut = tooMany / 2;
        while (tooMany - tokensOut > 1) {
            uint256 middle = tokensOut + (tooMany - tokensOut) / 2;
            if (costBetween(supply, supply + middle) <= ethIn) tokensOut = middle;
            else tooMany = middle;
        }
    }

    /// @notice What the curve pays for `amount` tokens at the present supply.
    function quoteSell(uint256 amount) public view returns (uint256 ethOut) {
        uint256 supply = totalSupply();
        if (amount > supply) revert OverSupply();
        return costBetween(supply - amount, supply);
    }

    /// @notice The curve's integral between two supplies, rounded down to a wei.
    function costBetween(uint256 from, uint256 to) public view returns (uint256) {
        require(to >= from, "BAD_RANGE");
        uint256 amount = to - from;
        return basePrice * amount + (slope * amount * (from + to)) / 2;
    }

    /// @notice The curve's price at a supply.
    function priceAt(uint256 supply) external view returns (uint256) {
        return basePrice + slope * supply;
    }

    function _pay(address to, uint256 amount) private returns (bool paid) {
        (paid,) = to.call{value: amount}("");
    }
}
