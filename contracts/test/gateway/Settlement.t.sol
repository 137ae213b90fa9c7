// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Project} from "../../src/upstream/IProjectRegistry.sol";
import {Proposal} from "../../src/upstream/IProposalLedger.sol";
import {MetricChannel, MetricKind, Run, Verdict} from "../../src/gateway/Run.sol";
import {Obstacle, Statements} from "../../src/gateway/Statements.sol";
import {TicketState, Tickets} from "../../src/gateway/Tickets.sol";
import {VerifierGateway} from "../../src/gateway/VerifierGateway.sol";
import {Scene} from "./Scene.sol";

contract SettlementTest is Scene {
    function test_approve_claims_and_settles_in_one_transaction() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _approve(id, BASELINE + 10_000);
        Proposal memory settled = ledger.getProposal(id);
        assertEq(settled.status, 2);
        assertEq(settled.verifiedAggregateScore, BASELINE + 10_000);
        assertEq(settled.metricsHash, run.bundleRoot);
        assertEq(settled.reviewer, address(gateway));
        assertEq(registry.getProject(project).currentBestCodeHash, "code");
        assertEq(gateway.bestOf(project).proposalId, id);
        assertTrue(gateway.ticketOf(run.ticket).state == TicketState.Settled);
    }

    function test_reject_claims_and_settles_in_one_transaction() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _reject(id, BASELINE + 9_999);
        Proposal memory settled = ledger.getProposal(id);
        assertEq(settled.status, 3);
        assertEq(settled.metricsHash, run.bundleRoot);
        assertEq(gateway.potOf(project), 5);
        assertEq(token.balanceOf(address(gateway)), 5);
    }

    function test_the_threshold_is_inclusive_for_an_approve() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 9_999);
        _cannotSettle(
            run,
            abi.encodeWithSelector(Statements.BelowThreshold.selector, BASELINE + 9_999, BASELINE, MARGIN)
        );
        run = _run(id, run.ticket, Verdict.REJECT, BASELINE + 10_000);
        _cannotSettle(
            run,
            abi.encodeWithSelector(Statements.ReachesThreshold.selector, BASELINE + 10_000, BASELINE, MARGIN)
        );
        _settle(_run(id, run.ticket, Verdict.APPROVE, BASELINE + 10_000));
    }

    function test_a_proposal_settles_once() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _approve(id, BASELINE + 10_000);
        uint64 lock = uint64(vm.getBlockTimestamp()) + 24 hours;
        _cannotSettle(run, abi.encodeWithSelector(Tickets.NotDecidable.selector, id, 2, lock));
    }

    function test_a_lapsed_lock_of_another_verifier_is_released_first() public {
        verifiers.addVerifier(rival);
        uint256 id = _submit(miner, "code", 10);
        vm.prank(rival);
        ledger.claimReview(id);
        vm.prank(operator);
        vm.expectPartialRevert(Tickets.NotDecidable.selector);
        gateway.open(id, vm.addr(enclave));
        _wait(24 hours);
        enclave = 0xE2;
        _activate(enclave);
        _approve(id, BASELINE + 10_000);
        assertEq(ledger.getProposal(id).status, 2);
    }

    function test_a_lock_taken_during_the_run_stops_the_settlement_and_locks_nothing() public {
        verifiers.addVerifier(rival);
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 10_000);
        vm.prank(rival);
        ledger.claimReview(id);
        uint64 lock = uint64(vm.getBlockTimestamp()) + 24 hours;
        _cannotSettle(run, abi.encodeWithSelector(Tickets.NotDecidable.selector, id, 1, lock));
        assertEq(ledger.getProposal(id).reviewer, rival);
    }

    function test_an_approve_still_settles_when_the_best_rose_within_reach() public {
        uint256 first = _submit(miner, "first", 10);
        uint256 second = _submit(rival, "second", 10);
        Run memory run = _run(second, _open(second), Verdict.APPROVE, BASELINE + 50_000);
        _approve(first, BASELINE + 20_000);
        _settle(run);
        assertEq(registry.currentBestAggregateScore(project), BASELINE + 50_000);
    }

    function test_an_approve_out_of_reach_after_the_best_rose_is_set_aside() public {
        uint256 first = _submit(miner, "first", 10);
        uint256 second = _submit(rival, "second", 10);
        Run memory run = _run(second, _open(second), Verdict.APPROVE, BASELINE + 20_000);
        _approve(first, BASELINE + 20_000);
        _cannotSettle(
            run,
            abi.encodeWithSelector(Statements.BestRose.selector, second, BASELINE + 20_000, BASELINE + 20_000)
        );
        bytes memory signature = _sign(run);
        vm.expectEmit(address(gateway));
        emit VerifierGateway.StatementSetAside(second, run.ticket, Obstacle.BestRose, run.bundleRoot);
        gateway.record(run, signature);
        assertTrue(gateway.isInconclusive(second));
    }

    function test_a_reject_demands_the_identical_incumbent() public {
        uint256 first = _submit(miner, "first", 10);
        uint256 second = _submit(rival, "second", 10);
        Run memory run = _run(second, _open(second), Verdict.REJECT, BASELINE);
        _approve(first, BASELINE + 20_000);
        _cannotSettle(
            run, abi.encodeWithSelector(Statements.IncumbentChanged.selector, second, BASELINE + 20_000)
        );
        gateway.record(run, _sign(run));
        _reject(second, BASELINE);
    }

    function test_overtaken_is_not_failed() public {
        uint256 first = _submit(miner, "original", 10);
        uint256 second = _submit(rival, "copy", 10);
        _wait(WINDOW);
        enclave = 0xE3;
        _activate(enclave);
        _approve(second, BASELINE + 20_000);
        Run memory run = _run(first, _open(first), Verdict.REJECT, BASELINE + 20_000);
        _cannotSettle(run, abi.encodeWithSelector(Statements.Overtaken.selector, first, second));
        gateway.record(run, _sign(run));
        assertEq(ledger.getProposal(first).status, 0);
    }

    function test_a_best_that_another_verifier_set_rejects_nobody() public {
        verifiers.addVerifier(rival);
        uint256 first = _submit(miner, "first", 10);
        uint256 second = _submit(miner, "second", 10);
        vm.startPrank(rival);
        ledger.claimReview(first);
        ledger.approve(first, BASELINE + 20_000, "elsewhere");
        vm.stopPrank();
        Run memory run = _run(second, _open(second), Verdict.REJECT, BASELINE);
        _cannotSettle(
            run, abi.encodeWithSelector(Statements.BestSetElsewhere.selector, project, BASELINE + 20_000)
        );
    }

    function test_a_shared_project_is_approved_only_when_entered_and_below_its_bound() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 100_001);
        run.metricChannel = MetricChannel.SHARED;
        _cannotSettle(run, abi.encodeWithSelector(Statements.SharedNotEntered.selector, project));
        vm.prank(owner);
        shared.enter(project, 1_000);
        _cannotSettle(run, abi.encodeWithSelector(Statements.SharedNotEntered.selector, project));
        _wait(DELAY);
        enclave = 0xE4;
        _activate(enclave);
        run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 100_001);
        run.metricChannel = MetricChannel.SHARED;
        _cannotSettle(
            run,
            abi.encodeWithSelector(Statements.JumpAboveBound.selector, project, BASELINE + 100_001, BASELINE)
        );
        run = _run(id, run.ticket, Verdict.APPROVE, BASELINE + 100_000);
        run.metricChannel = MetricChannel.SHARED;
        _settle(run);
    }

    function test_an_approve_that_the_pool_cannot_pay_is_set_aside() public {
        vm.deal(miner, 1_000 ether);
        vm.prank(miner);
        token.buy{value: 100 ether}();
        uint256 id = _submit(miner, "code", POOL_CAP + 1);
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 10_000);
        _cannotSettle(run, abi.encodeWithSelector(Statements.PoolTooSmall.selector, id, POOL_CAP + 1));
        gateway.record(run, _sign(run));
        assertTrue(gateway.isInconclusive(id));
        _approve(_submit(miner, "within", POOL_CAP), BASELINE + 10_000);
    }

    function test_an_inconclusive_statement_is_recorded_and_never_settles() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _run(id, _open(id), Verdict.INCONCLUSIVE, 0);
        run.reason = "candidate-timeout";
        _cannotSettle(run, abi.encodeWithSelector(Statements.NotAVerdict.selector, Verdict.INCONCLUSIVE));
        bytes memory signature = _sign(run);
        vm.expectEmit(address(gateway));
        emit VerifierGateway.StatementInconclusive(id, run.ticket, "candidate-timeout", run.bundleRoot);
        gateway.record(run, signature);
        assertEq(ledger.getProposal(id).status, 0);
        vm.expectRevert(
            abi.encodeWithSelector(Tickets.TicketNotOpen.selector, run.ticket, TicketState.Inconclusive)
        );
        gateway.record(run, signature);
    }

    function test_a_verdict_that_can_settle_is_not_wasted_by_recording() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 10_000);
        bytes memory signature = _sign(run);
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.MustSettle.selector, run.ticket));
        gateway.record(run, signature);
    }

    function test_a_timed_approve_settles_with_the_worse_end_of_its_interval() public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 50_000);
        run.metricKind = MetricKind.TIMED;
        run.lower = BASELINE + 10_000;
        run.upper = BASELINE + 90_000;
        _settle(run);
        assertEq(ledger.getProposal(id).verifiedAggregateScore, BASELINE + 10_000);
    }

    function testFuzz_only_the_signed_bundle_root_becomes_the_metrics_hash(bytes32 other) public {
        uint256 id = _submit(miner, "code", 10);
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 10_000);
        vm.assume(other != run.bundleRoot);
        bytes memory signature = _sign(run);
        Run memory changed = _run(id, run.ticket, Verdict.APPROVE, BASELINE + 10_000);
        changed.bundleRoot = other;
        (Run[] memory runs, bytes[] memory signatures) = _one(changed, signature);
        vm.expectPartialRevert(Statements.WrongSigner.selector);
        gateway.settle(runs, signatures);
        _settleSigned(run, signature);
        assertEq(ledger.getProposal(id).metricsHash, run.bundleRoot);
        Project memory settled = registry.getProject(project);
        assertEq(settled.currentBestMetricsHash, run.bundleRoot);
    }
}
