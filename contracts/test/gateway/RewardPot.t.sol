// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RewardPot} from "../../src/gateway/RewardPot.sol";
import {Run} from "../../src/gateway/Run.sol";
import {VerifierGateway} from "../../src/gateway/VerifierGateway.sol";
import {ProposalLedger} from "../../src/upstream/ProposalLedger.sol";
import {Scene} from "./Scene.sol";

contract RewardPotTest is Scene {
    function test_the_first_rejection_pays_nothing_and_fills_the_pot() public {
        _reject(_submit(miner, "code", 100), BASELINE);
        assertEq(gateway.potOf(project), 50);
        assertEq(gateway.owed(project, operator), 0);
    }

    function testFuzz_an_approve_and_a_reject_earn_the_same_in_the_same_state(uint16 filled, uint16 stake)
        public
    {
        uint256 first = bound(filled, 1, 200);
        uint256 second = bound(stake, 1, 200);
        _reject(_submit(miner, "filler", first), BASELINE);
        uint256 id = _submit(miner, "judged", second);
        uint256 before = vm.snapshotState();
        _approve(id, BASELINE + 10_000);
        uint256 forApprove = gateway.owed(project, operator);
        vm.revertToState(before);
        _reject(id, BASELINE);
        assertEq(gateway.owed(project, operator), forApprove);
    }

    function testFuzz_the_gateway_keeps_nothing_of_a_rejection_outside_pot_and_payouts(uint16[4] calldata stakes)
        public
    {
        for (uint256 i = 0; i < 4; i++) {
            _reject(_submit(miner, bytes32(i), bound(stakes[i], 1, 100)), BASELINE);
        }
        uint256 accounted = gateway.potOf(project) + gateway.owed(project, operator);
        assertEq(token.balanceOf(address(gateway)), accounted);
        assertEq(ledger.claimable(project, address(gateway)), 0);
    }

    function testFuzz_having_ones_own_proposal_rejected_costs_more_than_it_draws(uint16 filled, uint16 stake)
        public
    {
        _reject(_submit(miner, "filler", bound(filled, 1, 300)), BASELINE);
        uint256 own = bound(stake, 1, 300);
        uint256 pot = gateway.potOf(project);
        _reject(_submit(rival, "worthless", own), BASELINE);
        assertLe(gateway.owed(project, operator), own / 2);
        assertGe(gateway.potOf(project), pot);
    }

    function test_fees_are_withdrawn_once_and_to_the_operator() public {
        _reject(_submit(miner, "filler", 100), BASELINE);
        _reject(_submit(miner, "second", 100), BASELINE);
        assertEq(gateway.owed(project, operator), 5);
        assertEq(gateway.potOf(project), 95);
        vm.prank(rival);
        gateway.withdraw(project, operator);
        assertEq(token.balanceOf(operator), 5);
        vm.expectRevert(abi.encodeWithSelector(RewardPot.NothingOwed.selector, project, operator));
        gateway.withdraw(project, operator);
    }

    function testFuzz_a_new_payout_address_waits(uint32 wait) public {
        address first = makeAddr("first payout");
        vm.prank(operator);
        gateway.announcePayout(first);
        uint256 announced = vm.getBlockTimestamp();
        vm.warp(announced + wait);
        assertEq(gateway.payoutOf(operator), wait < PAYOUT_DELAY ? operator : first);
        vm.prank(operator);
        gateway.announcePayout(makeAddr("second payout"));
        assertEq(gateway.payoutOf(operator), wait < PAYOUT_DELAY ? operator : first);
    }

    function test_expire_for_returns_the_credit_to_the_miner() public {
        uint256 id = _submit(miner, "code", 11);
        vm.expectRevert(ProposalLedger.ExpiryNotReached.selector);
        gateway.expireFor(id);
        vm.warp(vm.getBlockTimestamp() + 7 days);
        uint256 before = token.balanceOf(miner);
        vm.expectEmit(address(gateway));
        emit VerifierGateway.ExpiredFor(id, miner, 5);
        vm.prank(rival);
        assertEq(gateway.expireFor(id), 5);
        assertEq(token.balanceOf(miner) - before, 5);
        assertEq(gateway.potOf(project), 0);
    }

    function test_expire_for_of_a_single_token_returns_nothing_and_works() public {
        uint256 id = _submit(miner, "code", 1);
        vm.warp(vm.getBlockTimestamp() + 7 days);
        assertEq(gateway.expireFor(id), 0);
        assertEq(ledger.getProposal(id).status, 4);
    }

    function test_a_rejection_of_a_single_token_credits_nothing_and_works() public {
        Run memory run = _reject(_submit(miner, "code", 1), BASELINE);
        assertEq(ledger.getProposal(run.proposalId).status, 3);
        assertEq(gateway.potOf(project), 0);
    }
}
