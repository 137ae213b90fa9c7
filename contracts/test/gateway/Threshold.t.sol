// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Threshold} from "../../src/gateway/Threshold.sol";

contract ThresholdTest is Test {
    int256 private constant LIMIT = 2 ** 200;

    function test_the_margin_is_the_published_rule() public pure {
        assertEq(Threshold.margin(1_000_000, 100), 10_000);
        assertEq(Threshold.margin(-1_000_000, 100), 10_000);
        assertEq(Threshold.margin(1_000_001, 100), 10_001);
        assertEq(Threshold.margin(0, 100), 1);
        assertEq(Threshold.margin(50, 100), 1);
        assertEq(Threshold.margin(1_000_000, 0), 1);
        assertEq(Threshold.margin(type(int256).min, 10_000), 2 ** 255);
    }

    function test_the_threshold_is_inclusive() public pure {
        assertTrue(Threshold.reached(1_010_000, 1_000_000, 100));
        assertFalse(Threshold.reached(1_009_999, 1_000_000, 100));
        assertTrue(Threshold.reached(-990_000, -1_000_000, 100));
        assertFalse(Threshold.reached(-990_001, -1_000_000, 100));
    }

    function test_equality_is_never_an_improvement() public pure {
        assertFalse(Threshold.reached(0, 0, 0));
        assertFalse(Threshold.reached(7, 7, 0));
        assertTrue(Threshold.reached(8, 7, 0));
    }

    function test_the_ends_of_the_range_do_not_overflow() public pure {
        assertTrue(Threshold.reached(type(int256).max, type(int256).min, 10_000));
        assertFalse(Threshold.reached(type(int256).max, type(int256).max, 1));
        assertFalse(Threshold.jumped(type(int256).max, type(int256).min, type(uint32).max));
        assertTrue(Threshold.jumped(type(int256).max, type(int256).min, 10_000));
    }

    function testFuzz_reached_equals_the_sum(int256 score, int256 incumbent, uint16 bips) public pure {
        score = bound(score, -LIMIT, LIMIT);
        incumbent = bound(incumbent, -LIMIT, LIMIT);
        bips = uint16(bound(bips, 0, 10_000));
        int256 magnitude = incumbent < 0 ? -incumbent : incumbent;
        int256 margin = (magnitude * int256(uint256(bips)) + 9_999) / 10_000;
        if (margin < 1) margin = 1;
        assertEq(Threshold.reached(score, incumbent, bips), score >= incumbent + margin);
    }

    function testFuzz_jumped_equals_the_sum(int256 score, int256 incumbent, uint32 bips) public pure {
        score = bound(score, -LIMIT, LIMIT);
        incumbent = bound(incumbent, -LIMIT, LIMIT);
        int256 magnitude = incumbent < 0 ? -incumbent : incumbent;
        int256 jump = magnitude * int256(uint256(bips)) / 10_000;
        assertEq(Threshold.jumped(score, incumbent, bips), score > incumbent + jump);
    }

    function testFuzz_no_input_overflows(int256 score, int256 incumbent, uint16 bips, uint32 bound_)
        public
        pure
    {
        Threshold.reached(score, incumbent, uint16(bound(bips, 0, 10_000)));
        Threshold.jumped(score, incumbent, bound_);
    }
}
