// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Project} from "../../src/upstream/IProjectRegistry.sol";
import {Proposal} from "../../src/upstream/IProposalLedger.sol";
import {ProjectRegistry} from "../../src/upstream/ProjectRegistry.sol";
import {ProjectToken} from "../../src/upstream/ProjectToken.sol";
import {ProposalLedger} from "../../src/upstream/ProposalLedger.sol";
import {Upstream} from "./Upstream.sol";

contract ProposalLedgerTest is Upstream {
    address private verifier = makeAddr("verifier");
    address private other = makeAddr("other verifier");

    function setUp() public override {
        super.setUp();
        verifiers.addVerifier(verifier);
        verifiers.addVerifier(other);
    }

    function _claimed(uint256 stake) private returns (uint256 id) {
        id = _submit(miner, "code", stake);
        vm.prank(verifier);
        ledger.claimReview(id);
    }

    function test_constructors_refuse_zero() public {
        vm.expectRevert(ProposalLedger.RegistryZero.selector);
        new ProposalLedger(address(0), address(1));
        vm.expectRevert(ProposalLedger.VerifierRegistryZero.selector);
        new ProposalLedger(address(1), address(0));
        vm.expectRevert(ProjectRegistry.LedgerZero.selector);
        new ProjectRegistry(address(0));
    }

    function test_a_new_project_starts_at_its_baseline() public view {
        Project memory created = registry.getProject(project);
        assertEq(created.currentBestAggregateScore, BASELINE);
        assertEq(created.currentBestMetricsHash, created.baselineMetricsHash);
        assertEq(created.currentBestCodeHash, 0);
        assertEq(created.currentBestMiner, address(0));
        assertEq(created.creator, address(this));
        assertEq(created.createdAt, START);
    }

    function test_unknown_ids_read_as_zero() public view {
        assertEq(abi.encode(ledger.getProposal(9)), new bytes(13 * 32));
        assertEq(abi.encode(registry.getProject(9)), new bytes(12 * 32));
        assertEq(registry.tokenOf(9), address(0));
        assertEq(registry.currentBestAggregateScore(9), 0);
    }

    function test_submit_refuses_unknown_projects_and_empty_stakes() public {
        vm.startPrank(miner);
        vm.expectRevert(ProposalLedger.UnknownProject.selector);
        ledger.submit(9, "code", "log", 1, 1, miner);
        vm.expectRevert(ProposalLedger.ZeroStake.selector);
        ledger.submit(project, "code", "log", 1, 0, miner);
    }

    function test_submit_takes_the_stake_and_replaces_a_zero_recipient() public {
        uint256 before = token.balanceOf(miner);
        uint256 id = _submit(miner, "code", 7);
        Proposal memory stored = ledger.getProposal(id);
        assertEq(stored.rewardRecipient, miner);
        assertEq(before - token.balanceOf(miner), 7);
        assertEq(token.balanceOf(address(ledger)), 7);
        assertEq(_submit(miner, "code", 7), id + 1);
    }

    function test_only_verifiers_claim_and_only_once() public {
        uint256 id = _submit(miner, "code", 2);
        vm.prank(rival);
        vm.expectRevert(ProposalLedger.NotVerifier.selector);
        ledger.claimReview(id);
        vm.startPrank(verifier);
        vm.expectRevert(ProposalLedger.UnknownProposal.selector);
        ledger.claimReview(id + 1);
        ledger.claimReview(id);
        vm.expectRevert(ProposalLedger.WrongStatus.selector);
        ledger.claimReview(id);
    }

    function test_nobody_releases_a_live_lock_and_anyone_a_lapsed_one() public {
        uint256 id = _claimed(2);
        vm.warp(START + 86399);
        vm.prank(verifier);
        vm.expectRevert(ProposalLedger.LockActive.selector);
        ledger.releaseReview(id);
        vm.warp(START + 86400);
        vm.prank(verifier);
        vm.expectRevert(ProposalLedger.LockExpired.selector);
        ledger.reject(id, "m");
        vm.prank(other);
        vm.expectRevert(ProposalLedger.WrongStatus.selector);
        ledger.claimReview(id);
        vm.prank(rival);
        ledger.releaseReview(id);
        Proposal memory stored = ledger.getProposal(id);
        assertEq(stored.status, 0);
        assertEq(stored.reviewer, address(0));
        assertEq(stored.reviewLockUntil, 0);
        vm.expectRevert(ProposalLedger.WrongStatus.selector);
        ledger.releaseReview(id);
    }

    function test_only_the_listed_reviewer_decides() public {
        uint256 id = _claimed(2);
        vm.prank(other);
        vm.expectRevert(ProposalLedger.WrongReviewer.selector);
        ledger.approve(id, 2_000_000, "m");
        verifiers.removeVerifier(verifier);
        vm.startPrank(verifier);
        vm.expectRevert(ProposalLedger.NotVerifier.selector);
        ledger.approve(id, 2_000_000, "m");
        vm.expectRevert(ProposalLedger.NotVerifier.selector);
        ledger.reject(id, "m");
    }

    function test_approve_logs_in_the_deployed_order() public {
        uint256 id = _claimed(5);
        vm.recordLogs();
        vm.prank(verifier);
        ledger.approve(id, BASELINE + 1, "m");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 5);
        assertEq(logs[0].topics[0], ProjectRegistry.BestUpdated.selector);
        assertEq(logs[1].topics[0], IERC20.Transfer.selector);
        assertEq(logs[2].topics[0], IERC20.Transfer.selector);
        assertEq(logs[2].topics[1], bytes32(0));
        assertEq(logs[3].topics[0], ProjectToken.MinerRewardMinted.selector);
        assertEq(logs[4].topics[0], ProposalLedger.ProposalApproved.selector);
    }

    function test_approve_returns_the_stake_and_mints_as_much() public {
        vm.prank(miner);
        uint256 id = ledger.submit(project, "code", "log", 1, 5, rival);
        uint256 minersBefore = token.balanceOf(miner);
        uint256 rivalsBefore = token.balanceOf(rival);
        vm.startPrank(verifier);
        ledger.claimReview(id);
        vm.expectRevert(ProposalLedger.ScoreNotImproved.selector);
        ledger.approve(id, BASELINE, "m");
        ledger.approve(id, BASELINE + 1, "m");
        assertEq(token.balanceOf(miner) - minersBefore, 5);
        assertEq(token.balanceOf(rival) - rivalsBefore, 5);
        assertEq(registry.getProject(project).currentBestMiner, miner);
        assertEq(registry.getProject(project).currentBestCodeHash, "code");
        assertEq(ledger.claimable(project, verifier), 0);
    }

    function test_approve_beyond_the_pool_reverts_as_a_whole() public {
        vm.deal(miner, 1_000 ether);
        vm.prank(miner);
        token.buy{value: 100 ether}();
        uint256 id = _claimed(POOL_CAP + 1);
        vm.prank(verifier);
        vm.expectRevert(ProjectToken.PoolCapExceeded.selector);
        ledger.approve(id, BASELINE + 1, "m");
        assertEq(ledger.getProposal(id).status, 1);
    }

    function testFuzz_reject_credits_half_rounded_down_and_burns_the_rest(uint256 stake) public {
        stake = bound(stake, 1, token.balanceOf(miner));
        uint256 id = _claimed(stake);
        uint256 supply = token.totalSupply();
        vm.prank(verifier);
        ledger.reject(id, "m");
        assertEq(ledger.claimable(project, verifier), stake / 2);
        assertEq(supply - token.totalSupply(), stake - stake / 2);
        assertEq(token.balanceOf(address(ledger)), stake / 2);
    }

    function test_expire_preempts_a_live_review_and_credits_the_caller() public {
        uint256 id = _submit(miner, "code", 11);
        vm.warp(START + 604799);
        vm.prank(verifier);
        ledger.claimReview(id);
        vm.prank(rival);
        vm.expectRevert(ProposalLedger.ExpiryNotReached.selector);
        ledger.expire(id);
        vm.warp(START + 604800);
        vm.prank(rival);
        ledger.expire(id);
        assertEq(ledger.claimable(project, rival), 5);
        assertEq(ledger.getProposal(id).status, 4);
        vm.expectRevert(ProposalLedger.WrongStatus.selector);
        ledger.expire(id);
    }

    function test_claim_reward_pays_once() public {
        uint256 id = _claimed(10);
        vm.startPrank(verifier);
        ledger.reject(id, "m");
        assertEq(ledger.claimReward(project), 5);
        assertEq(token.balanceOf(verifier), 5);
        vm.expectRevert(ProposalLedger.NothingToClaim.selector);
        ledger.claimReward(project);
    }

    function test_only_the_ledger_moves_the_best() public {
        vm.expectRevert(ProjectRegistry.NotLedger.selector);
        registry.updateBest(project, miner, 5, "c", "m");
        vm.startPrank(address(ledger));
        vm.expectRevert(ProjectRegistry.UnknownProject.selector);
        registry.updateBest(9, miner, 5, "c", "m");
        vm.expectRevert(ProjectRegistry.ScoreNotImproved.selector);
        registry.updateBest(project, miner, BASELINE, "c", "m");
    }
}
