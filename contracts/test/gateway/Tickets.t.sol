// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnclaveRegistry} from "../../src/admission/EnclaveRegistry.sol";
import {Run, Verdict} from "../../src/gateway/Run.sol";
import {Ticket, TicketState, Tickets} from "../../src/gateway/Tickets.sol";
import {Scene} from "./Scene.sol";

contract TicketsTest is Scene {
    uint256 private id;

    function setUp() public override {
        super.setUp();
        id = _submit(miner, "code", 10);
    }

    function _inconclusive() private returns (bytes32 ticket) {
        ticket = _open(id);
        Run memory run = _run(id, ticket, Verdict.INCONCLUSIVE, 0);
        gateway.record(run, _sign(run));
    }

    function _cannotOpen(bytes memory reason) private {
        vm.prank(operator);
        vm.expectRevert(reason);
        gateway.open(id, vm.addr(enclave));
    }

    function test_a_ticket_is_the_published_hash_and_carries_the_incumbent() public {
        bytes32 expected = keccak256(
            abi.encode(
                block.chainid,
                address(gateway),
                id,
                vm.addr(enclave),
                uint256(1),
                blockhash(vm.getBlockNumber() - 1)
            )
        );
        vm.expectEmit(address(gateway));
        emit Tickets.TicketOpened(
            id,
            vm.addr(enclave),
            operator,
            expected,
            1,
            uint64(vm.getBlockTimestamp()) + TICKET_LIFE,
            0,
            BASELINE
        );
        assertEq(_open(id), expected);
        assertEq(gateway.openTicketOf(id), expected);
        assertEq(gateway.ticketOf(expected).proposalId, id);
    }

    function test_only_the_keys_operator_opens() public {
        vm.prank(rival);
        vm.expectRevert(abi.encodeWithSelector(Tickets.NotKeyOperator.selector, rival, operator));
        gateway.open(id, vm.addr(enclave));
        assertEq(enclaves.keyOf(vm.addr(enclave)).verdictsLeft, 100);
    }

    function test_a_dead_key_opens_nothing() public {
        vm.prank(operator);
        enclaves.revoke(vm.addr(enclave));
        _cannotOpen(abi.encodeWithSelector(EnclaveRegistry.KeyIsRevoked.selector, vm.addr(enclave)));
    }

    function test_an_open_ticket_keeps_the_proposal_until_it_times_out() public {
        bytes32 ticket = _open(id);
        uint64 closes = uint64(vm.getBlockTimestamp()) + TICKET_LIFE;
        vm.warp(closes - 1);
        _cannotOpen(abi.encodeWithSelector(Tickets.TicketStillOpen.selector, id, ticket, closes));
        vm.warp(closes);
        assertEq(gateway.openTicketOf(id), 0);
        _open(id);
        assertTrue(gateway.ticketOf(ticket).state == TicketState.Lapsed);
        assertFalse(gateway.isInconclusive(id));
    }

    function test_every_outcome_uses_an_attempt_up_and_the_fourth_reverts() public {
        _inconclusive();
        _open(id);
        _wait(TICKET_LIFE);
        _inconclusive();
        _cannotOpen(abi.encodeWithSelector(Tickets.AttemptsExhausted.selector, id));
        enclave = 0xE7;
        operator = makeAddr("another operator");
        _activate(enclave);
        _cannotOpen(abi.encodeWithSelector(Tickets.AttemptsExhausted.selector, id));
        assertEq(gateway.ticketsOf(id).length, 3);
    }

    function test_each_ticket_takes_one_of_the_keys_verdicts() public {
        _inconclusive();
        _inconclusive();
        assertEq(enclaves.keyOf(vm.addr(enclave)).verdictsLeft, 98);
    }

    function test_nothing_opens_on_what_cannot_be_decided() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Tickets.UnknownProposal.selector, id + 1));
        gateway.open(id + 1, vm.addr(enclave));
        uint64 deadline = ledger.getProposal(id).submittedAt + 7 days;
        vm.warp(deadline - CHALLENGE_DELAY);
        enclave = 0xE8;
        _activate(enclave);
        _cannotOpen(abi.encodeWithSelector(Tickets.PastDeadline.selector, id, deadline));
        ledger.expire(id);
        _cannotOpen(abi.encodeWithSelector(Tickets.NotDecidable.selector, id, 4, 0));
    }

    function test_a_statement_belongs_to_one_ticket() public {
        bytes32 used = _inconclusive();
        Run memory run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 10_000);
        run.ticket = used;
        _cannotSettle(
            run, abi.encodeWithSelector(Tickets.TicketNotOpen.selector, used, TicketState.Inconclusive)
        );
    }

    function test_an_unknown_ticket_reads_as_zero() public view {
        Ticket memory none = gateway.ticketOf("none");
        assertTrue(none.state == TicketState.None);
        assertEq(none.key, address(0));
    }
}
