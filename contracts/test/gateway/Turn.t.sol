// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Run, Verdict} from "../../src/gateway/Run.sol";
import {Turn} from "../../src/gateway/Turn.sol";
import {ProjectToken} from "../../src/upstream/ProjectToken.sol";
import {Scene} from "./Scene.sol";

contract TurnTest is Scene {
    uint256 private original;
    uint256 private copy;

    function setUp() public override {
        super.setUp();
        original = _submit(miner, "original", 10);
        copy = _submit(rival, "copy", 10);
    }

    function _overtakes() private returns (Run memory run) {
        return _run(copy, _open(copy), Verdict.APPROVE, BASELINE + 10_000);
    }

    function test_a_copy_cannot_overtake_its_original() public {
        Run memory run = _overtakes();
        _cannotSettle(run, abi.encodeWithSelector(Turn.EarlierUndecided.selector, copy, original));
        assertEq(ledger.getProposal(copy).status, 0);
    }

    function test_the_original_opens_the_way_by_being_settled() public {
        Run memory run = _overtakes();
        _reject(original, BASELINE);
        _settle(run);
    }

    function test_the_original_opens_the_way_by_being_inconclusive() public {
        Run memory run = _overtakes();
        Run memory noise = _run(original, _open(original), Verdict.INCONCLUSIVE, 0);
        gateway.record(noise, _sign(noise));
        _settle(run);
    }

    function test_the_original_opens_the_way_by_age() public {
        uint64 old = ledger.getProposal(original).submittedAt + WINDOW;
        vm.warp(old - 1 - CHALLENGE_DELAY);
        enclave = 0xE5;
        _activate(enclave);
        Run memory run = _overtakes();
        _cannotSettle(run, abi.encodeWithSelector(Turn.EarlierUndecided.selector, copy, original));
        vm.warp(old);
        _settle(run);
    }

    function test_a_reject_waits_for_nobody() public {
        _reject(copy, BASELINE);
        assertEq(ledger.getProposal(copy).status, 3);
    }

    function test_other_projects_stand_in_nobodys_way() public {
        (uint256 other, ProjectToken otherToken) = _createProject(BASELINE);
        _fund(otherToken, miner);
        vm.prank(miner);
        uint256 id = ledger.submit(other, "code", "log", 1, 10, address(0));
        _approve(id, BASELINE + 10_000);
        assertEq(ledger.getProposal(id).status, 2);
    }

    function test_a_flood_of_another_project_costs_an_advance_and_no_wait() public {
        uint256 many = gateway.STEPS_IN_SETTLE() + 10;
        (uint256 other, ProjectToken otherToken) = _createProject(BASELINE);
        _fund(otherToken, rival);
        _reject(original, BASELINE);
        _reject(copy, BASELINE);
        vm.startPrank(rival);
        for (uint256 i = 0; i < many; i++) {
            ledger.submit(other, "flood", "log", 1, 1, address(0));
        }
        vm.stopPrank();
        uint256 honest = _submit(miner, "honest", 10);
        Run memory run = _run(honest, _open(honest), Verdict.APPROVE, BASELINE + 10_000);
        _cannotSettle(
            run, abi.encodeWithSelector(Turn.TurnNotReached.selector, honest, gateway.STEPS_IN_SETTLE())
        );
        gateway.advance(project, 20);
        _settle(run);
    }

    function test_a_flood_of_the_same_project_waits_for_the_window_at_most() public {
        uint256 many = 200;
        vm.startPrank(rival);
        for (uint256 i = 0; i < many; i++) {
            ledger.submit(project, "flood", "log", 1, 1, address(0));
        }
        vm.stopPrank();
        vm.warp(vm.getBlockTimestamp() + 1);
        uint256 honest = _submit(miner, "honest", 10);
        vm.warp(vm.getBlockTimestamp() + WINDOW - 1 - CHALLENGE_DELAY);
        enclave = 0xE6;
        _activate(enclave);
        Run memory run = _run(honest, _open(honest), Verdict.APPROVE, BASELINE + 10_000);
        _settle(run);
        assertGe(gateway.turnOf(project), honest);
    }

    function test_advance_stops_at_the_first_that_stands_in_the_way() public {
        assertEq(gateway.advance(project, 100), original);
        _reject(original, BASELINE);
        assertEq(gateway.advance(project, 0), original);
        assertEq(gateway.advance(project, 100), copy);
        _reject(copy, BASELINE);
        assertEq(gateway.advance(project, 100), copy + 1);
        assertEq(gateway.advance(project, 100), copy + 1);
    }

    /// Whatever happened to the earlier ones, an approve passes exactly if none of them stands in the way.
    function testFuzz_the_turn_is_the_rule(uint8[6] calldata fates, uint32 pause) public {
        uint256[6] memory earlier;
        bool blocked = false;
        _reject(original, BASELINE);
        _reject(copy, BASELINE);
        uint256 waited = uint256(pause) % (2 * WINDOW);
        for (uint256 i = 0; i < 6; i++) {
            earlier[i] = _submit(rival, bytes32(i), 1);
            if (fates[i] % 3 == 0) _reject(earlier[i], BASELINE);
            if (fates[i] % 3 == 1) _note(earlier[i]);
            if (fates[i] % 3 == 2) blocked = blocked || waited < WINDOW;
        }
        uint256 last = _submit(miner, "last", 10);
        vm.warp(vm.getBlockTimestamp() + waited);
        enclave = 0xE9;
        _admitEarlier();
        Run memory run = _run(last, _open(last), Verdict.APPROVE, BASELINE + 10_000);
        bytes memory signature = _sign(run);
        (Run[] memory runs, bytes[] memory signatures) = _one(run, signature);
        if (blocked) vm.expectPartialRevert(Turn.EarlierUndecided.selector);
        gateway.settle(runs, signatures);
        assertEq(ledger.getProposal(last).status, blocked ? 0 : 2);
    }

    function _note(uint256 id) private {
        Run memory noise = _run(id, _open(id), Verdict.INCONCLUSIVE, 0);
        gateway.record(noise, _sign(noise));
    }

    /// A key that is active at the present moment, admitted a little before it.
    function _admitEarlier() private {
        uint256 now_ = vm.getBlockTimestamp();
        vm.warp(now_ - CHALLENGE_DELAY);
        _admit(vm.addr(enclave));
        vm.warp(now_);
    }
}
