// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {stdError} from "forge-std/Test.sol";

import {ProjectToken} from "../../src/upstream/ProjectToken.sol";
import {Upstream} from "./Upstream.sol";

contract ProjectTokenTest is Upstream {
    ProjectToken private fresh;

    function setUp() public override {
        super.setUp();
        fresh = new ProjectToken("Fresh", "FRS", BASE_PRICE, SLOPE, POOL_CAP, address(this));
        vm.deal(address(this), 1_000 ether);
    }

    receive() external payable {}

    function test_the_first_token_costs_the_integral_not_the_price() public view {
        assertEq(fresh.costBetween(0, 1), 1_000_500_000_000_000);
        assertEq(fresh.priceAt(0), 1e15);
        assertEq(fresh.priceAt(3), 1e15 + 3e12);
    }

    function test_buy_spends_what_whole_tokens_cost_and_refunds_the_rest() public {
        uint256 cost = fresh.costBetween(0, 3);
        uint256 before = address(this).balance;
        assertEq(fresh.buy{value: cost + 5}(), 3);
        assertEq(before - address(this).balance, cost);
        assertEq(fresh.balanceOf(address(this)), 3);
    }

    function test_buy_without_value_or_with_too_little_reverts() public {
        vm.expectRevert(ProjectToken.ZeroAmount.selector);
        fresh.buy();
        uint256 cost = fresh.costBetween(0, 1);
        vm.expectRevert(ProjectToken.InsufficientPayment.selector);
        fresh.buy{value: cost - 1}();
    }

    function test_a_free_curve_quotes_nothing() public {
        ProjectToken free = new ProjectToken("Free", "FREE", 0, 0, 0, address(this));
        assertEq(free.quoteBuy(1 ether), 0);
        vm.expectRevert(ProjectToken.InsufficientPayment.selector);
        free.buy{value: 1}();
    }

    function test_an_absurd_quote_panics() public {
        vm.expectRevert(stdError.arithmeticError);
        fresh.quoteBuy(2 ** 255);
    }

    function test_sell_checks_amount_then_balance() public {
        fresh.buy{value: 1 ether}();
        vm.expectRevert(ProjectToken.ZeroAmount.selector);
        fresh.sell(0);
        vm.prank(rival);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, rival, 0, 5_000_000)
        );
        fresh.sell(5_000_000);
        uint256 supply = fresh.totalSupply();
        vm.expectRevert(ProjectToken.OverSupply.selector);
        fresh.quoteSell(supply + 1);
        vm.expectRevert(bytes("BAD_RANGE"));
        fresh.costBetween(2, 1);
    }

    function test_the_last_seller_meets_an_empty_curve_after_a_reward() public {
        fresh.buy{value: 1 ether}();
        fresh.mintMinerReward(address(this), 10);
        uint256 all = fresh.balanceOf(address(this));
        vm.expectRevert(ProjectToken.EthPayoutFailed.selector);
        fresh.sell(all);
    }

    function test_only_the_ledger_mints_and_burns_and_the_pool_is_capped() public {
        vm.startPrank(rival);
        vm.expectRevert(ProjectToken.NotLedger.selector);
        fresh.mintMinerReward(rival, 1);
        vm.expectRevert(ProjectToken.NotLedger.selector);
        fresh.burnFromLedger(1);
        vm.stopPrank();
        fresh.mintMinerReward(rival, POOL_CAP);
        vm.expectRevert(ProjectToken.PoolCapExceeded.selector);
        fresh.mintMinerReward(rival, 1);
        assertEq(fresh.minerPoolMinted(), POOL_CAP);
    }

    function test_bare_coin_is_refused() public {
        (bool taken,) = address(fresh).call{value: 1}("");
        assertFalse(taken);
    }

    function testFuzz_a_quote_is_the_largest_affordable_number(uint128 coin, uint64 base, uint64 slope)
        public
    {
        vm.assume(base != 0 || slope != 0);
        ProjectToken curve = new ProjectToken("Curve", "CRV", base, slope, 0, address(this));
        uint256 tokens = curve.quoteBuy(coin);
        assertLe(curve.costBetween(0, tokens), coin);
        assertGt(curve.costBetween(0, tokens + 1), coin);
    }

    function testFuzz_buying_and_selling_never_gains(uint96 coin, uint8 part) public {
        coin = uint96(bound(coin, 2e16, 100 ether));
        fresh.buy{value: 7 ether}();
        uint256 before = address(this).balance;
        uint256 tokens = fresh.buy{value: coin}();
        uint256 first = tokens * part / 255;
        if (first != 0) fresh.sell(first);
        if (tokens - first != 0) fresh.sell(tokens - first);
        assertLe(address(this).balance, before);
        assertEq(address(fresh).balance >= fresh.costBetween(0, fresh.totalSupply()), true);
    }
}
