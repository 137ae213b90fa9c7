// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Proposal} from "../../src/upstream/IProposalLedger.sol";
import {Handler} from "./Handler.sol";

/// What stays true whatever anybody does in whatever order.
contract InvariantsTest is Test {
    Handler private handler;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](9);
        actions[0] = Handler.buy.selector;
        actions[1] = Handler.sell.selector;
        actions[2] = Handler.submit.selector;
        actions[3] = Handler.wait.selector;
        actions[4] = Handler.judge.selector;
        actions[5] = Handler.giveUp.selector;
        actions[6] = Handler.expire.selector;
        actions[7] = Handler.judgeElsewhere.selector;
        actions[8] = Handler.withdraw.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), actions));
    }

    function invariant_no_stake_is_lost() public view {
        (uint256 total,) = handler.supply();
        assertEq(handler.holders(), total);
        (uint256 held,) = handler.gatewayAccounts();
        uint256 outside = handler.stakesUndecided() + handler.credits();
        assertGe(total, outside + held);
    }

    function invariant_the_ledger_holds_the_undecided_stakes_and_the_credits() public view {
        assertEq(handler.ledgerBalance(), handler.stakesUndecided() + handler.credits());
    }

    function invariant_supply_is_the_curves_accounting() public view {
        (uint256 total, uint256 minted) = handler.supply();
        assertEq(total, handler.bought() - handler.sold() + minted - handler.burned());
        assertEq(handler.curveCoin(), handler.coinIn() - handler.coinOut());
    }

    function invariant_the_gateway_owns_nothing_beside_pot_and_payouts() public view {
        (uint256 held, uint256 accounted) = handler.gatewayAccounts();
        assertEq(held, accounted);
    }

    function invariant_a_proposal_settles_once_and_with_the_signed_root() public view {
        for (uint256 id = 0; id < handler.proposals(); id++) {
            Proposal memory proposal = handler.proposalOf(id);
            assertLe(handler.settlements(id), 1);
            bool settled = proposal.status == 2 || proposal.status == 3;
            assertEq(handler.settlements(id), settled ? 1 : 0);
            assertEq(proposal.metricsHash, handler.settledWith(id));
            assertLe(handler.attemptsOf(id), 3);
        }
        assertEq(handler.fourthAttempts(), 0);
    }

    function invariant_nobody_overtakes_and_verdicts_earn_alike() public view {
        assertEq(handler.overtakings(), 0);
        assertEq(handler.unequalFees(), 0);
    }

    /// Without this the invariants might hold because nothing ever happens.
    function test_the_handler_reaches_every_outcome() public {
        for (uint256 i = 0; i < 8; i++) {
            handler.submit(i % 2 == 0, 30);
        }
        handler.judge(0, 5, true);
        handler.judge(1, 5, false);
        handler.judge(3, 5, true);
        assertEq(handler.approvals(), 1);
        handler.giveUp(2);
        handler.wait(3 hours);
        handler.judge(3, 5, true);
        handler.judge(4, 5, false);
        handler.withdraw();
        for (uint256 day = 0; day < 8; day++) {
            handler.wait(24 hours);
        }
        handler.expire(5, true);
        handler.expire(6, false);
        handler.sell(false, 10);
        handler.judgeElsewhere(7);
        assertEq(handler.approvals(), 2);
        assertEq(handler.rejections(), 2);
        assertEq(handler.setAside(), 1);
        assertEq(handler.expiries(), 2);
        assertEq(handler.settlements(7), 1);
        assertGt(handler.sold(), 0);
    }
}
