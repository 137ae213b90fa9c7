// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnclaveRegistry} from "../../src/admission/EnclaveRegistry.sol";
import {ListedMeasurement} from "../../src/admission/MeasurementPolicy.sol";
import {MetricKind, Run, Verdict} from "../../src/gateway/Run.sol";
import {Obstacle, Statements} from "../../src/gateway/Statements.sol";
import {TicketState, Tickets} from "../../src/gateway/Tickets.sol";
import {VerifierGateway} from "../../src/gateway/VerifierGateway.sol";
import {Scene} from "./Scene.sol";

/// Two operators have to agree about time.
contract TimedQuorumTest is Scene {
    address private first;
    address private second = makeAddr("second operator");
    uint256 private constant FIRST_KEY = 0xE1;
    uint256 private constant SECOND_KEY = 0xE2;
    uint256 private id;

    function _quorum() internal pure override returns (uint8) {
        return 2;
    }

    function setUp() public override {
        super.setUp();
        first = operator;
        _as(second, SECOND_KEY);
        _activate(SECOND_KEY);
        id = _submit(miner, "code", 10);
        _as(first, FIRST_KEY);
    }

    function _as(address operator_, uint256 key) private {
        operator = operator_;
        enclave = key;
    }

    function _timed(uint8 verdict, int256 lower, int256 upper) private returns (Run memory run) {
        run = _run(id, _open(id), verdict, (lower + upper) / 2);
        run.metricKind = MetricKind.TIMED;
        run.lower = lower;
        run.upper = upper;
    }

    function _hold(uint8 verdict, int256 lower, int256 upper)
        private
        returns (Run memory run, bytes memory signature)
    {
        run = _timed(verdict, lower, upper);
        signature = _sign(run);
        gateway.record(run, signature);
    }

    function _pair(Run memory a, bytes memory b, Run memory c, bytes memory d)
        private
        pure
        returns (Run[] memory runs, bytes[] memory signatures)
    {
        runs = new Run[](2);
        signatures = new bytes[](2);
        (runs[0], runs[1], signatures[0], signatures[1]) = (a, c, b, d);
    }

    function test_one_timed_statement_is_not_enough() public {
        Run memory run = _timed(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 30_000);
        _cannotSettle(run, abi.encodeWithSelector(Statements.WrongStatementCount.selector, 1, 1, 2));
    }

    function test_two_operators_approve_and_the_lower_end_counts() public {
        (Run memory one, bytes memory oneSignature) =
            _hold(Verdict.APPROVE, BASELINE + 30_000, BASELINE + 40_000);
        assertTrue(gateway.ticketOf(one.ticket).state == TicketState.Held);
        _as(second, SECOND_KEY);
        Run memory two = _timed(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 50_000);
        (Run[] memory runs, bytes[] memory signatures) = _pair(one, oneSignature, two, _sign(two));
        gateway.settle(runs, signatures);
        assertEq(ledger.getProposal(id).verifiedAggregateScore, BASELINE + 20_000);
        assertEq(ledger.getProposal(id).metricsHash, two.bundleRoot);
    }

    function test_the_callers_order_decides_nothing() public {
        (Run memory one, bytes memory oneSignature) =
            _hold(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 40_000);
        _as(second, SECOND_KEY);
        (Run memory two, bytes memory twoSignature) =
            _hold(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 40_000);
        uint256 before = vm.snapshotState();
        (Run[] memory runs, bytes[] memory signatures) = _pair(one, oneSignature, two, twoSignature);
        gateway.settle(runs, signatures);
        bytes32 metrics = ledger.getProposal(id).metricsHash;
        vm.revertToState(before);
        (runs, signatures) = _pair(two, twoSignature, one, oneSignature);
        gateway.settle(runs, signatures);
        assertEq(ledger.getProposal(id).metricsHash, metrics);
    }

    function test_a_reject_needs_both_whole_intervals_below() public {
        (Run memory one, bytes memory oneSignature) = _hold(Verdict.REJECT, BASELINE - 10_000, BASELINE);
        _as(second, SECOND_KEY);
        Run memory two = _timed(Verdict.REJECT, BASELINE - 10_000, BASELINE + 10_000);
        (Run[] memory runs, bytes[] memory signatures) = _pair(one, oneSignature, two, _sign(two));
        vm.expectPartialRevert(Statements.ReachesThreshold.selector);
        gateway.settle(runs, signatures);
        two.upper = BASELINE + 9_999;
        (runs, signatures) = _pair(one, oneSignature, two, _sign(two));
        gateway.settle(runs, signatures);
        assertEq(ledger.getProposal(id).metricsHash, two.bundleRoot);
    }

    function test_the_fee_is_shared_by_the_operators() public {
        test_a_reject_needs_both_whole_intervals_below();
        id = _submit(miner, "more", 400);
        _as(first, FIRST_KEY);
        Run memory filler = _run(id, _open(id), Verdict.REJECT, BASELINE);
        _settle(filler);
        uint256 earned = gateway.owed(project, first);
        uint256 fee = gateway.feeFor(project, 300);
        id = _submit(miner, "judged", 300);
        test_two_operators_approve_and_the_lower_end_counts();
        assertGt(fee, 1);
        assertEq(gateway.owed(project, first) - earned, fee / 2);
        assertEq(gateway.owed(project, second), fee / 2);
    }

    function test_statements_must_agree() public {
        (Run memory one, bytes memory oneSignature) =
            _hold(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 30_000);
        _as(second, SECOND_KEY);
        Run memory two = _timed(Verdict.REJECT, BASELINE - 2, BASELINE);
        (Run[] memory runs, bytes[] memory signatures) = _pair(one, oneSignature, two, _sign(two));
        vm.expectRevert(abi.encodeWithSelector(Statements.StatementsDisagree.selector, two.ticket));
        gateway.settle(runs, signatures);
    }

    function test_one_operator_is_not_two() public {
        uint256 third = 0xE3;
        _activate(third);
        (Run memory one, bytes memory oneSignature) =
            _hold(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 30_000);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Tickets.StatementAlreadyHeld.selector, id, one.ticket));
        gateway.open(id, vm.addr(third));
        (Run[] memory runs, bytes[] memory signatures) = _pair(one, oneSignature, one, oneSignature);
        vm.expectRevert(
            abi.encodeWithSelector(Tickets.TicketNotOpen.selector, one.ticket, TicketState.Settled)
        );
        gateway.settle(runs, signatures);
    }

    function test_a_held_statement_of_a_dead_key_makes_room_and_counts_no_more() public {
        uint256 third = 0xE3;
        _activate(third);
        (Run memory one, bytes memory oneSignature) =
            _hold(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 30_000);
        vm.prank(first);
        enclaves.revoke(vm.addr(FIRST_KEY));
        _as(second, SECOND_KEY);
        Run memory two = _timed(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 30_000);
        (Run[] memory runs, bytes[] memory signatures) = _pair(one, oneSignature, two, _sign(two));
        vm.expectPartialRevert(EnclaveRegistry.KeyIsRevoked.selector);
        gateway.settle(runs, signatures);
        gateway.record(two, signatures[1]);
        _as(first, third);
        Run memory again = _timed(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 30_000);
        assertTrue(gateway.ticketOf(one.ticket).state == TicketState.Lapsed);
        (runs, signatures) = _pair(two, signatures[1], again, _sign(again));
        gateway.settle(runs, signatures);
    }

    function test_an_exact_verdict_needs_no_second_operator() public {
        _approve(id, BASELINE + 10_000);
        assertEq(ledger.getProposal(id).status, 2);
    }

    function test_timed_statements_of_a_measurement_without_a_trusted_counter_are_set_aside() public {
        vm.prank(owner);
        policy.list(ListedMeasurement("no counter", PLATFORM, TIER, false));
        _wait(DELAY);
        Run memory run = _withMeasurement("no counter");
        bytes memory signature = _sign(run);
        vm.expectEmit(address(gateway));
        emit VerifierGateway.StatementSetAside(id, run.ticket, Obstacle.TimedNotCounted, run.bundleRoot);
        gateway.record(run, signature);
    }

    function _withMeasurement(bytes32 measurement) private returns (Run memory) {
        enclave = 0xE4;
        _admitWith(vm.addr(enclave), measurement);
        _wait(CHALLENGE_DELAY);
        return _timed(Verdict.APPROVE, BASELINE + 20_000, BASELINE + 30_000);
    }
}
