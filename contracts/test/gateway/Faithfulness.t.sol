// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnclaveRegistry} from "../../src/admission/EnclaveRegistry.sol";
import {MeasurementPolicy} from "../../src/admission/MeasurementPolicy.sol";
import {Run, RunHash, Verdict} from "../../src/gateway/Run.sol";
import {Statements} from "../../src/gateway/Statements.sol";
import {Tickets} from "../../src/gateway/Tickets.sol";
import {Scene} from "./Scene.sol";

/// Every field that the chain knows better is held against the chain, even under a good signature.
contract FaithfulnessTest is Scene {
    uint256 private id;
    Run private run;

    function setUp() public override {
        super.setUp();
        id = _submit(miner, "code", 10);
        run = _run(id, _open(id), Verdict.APPROVE, BASELINE + 10_000);
    }

    function _refused(Run memory changed, bytes4 reason) private {
        (Run[] memory runs, bytes[] memory signatures) = _one(changed, _sign(changed));
        vm.expectPartialRevert(reason);
        gateway.settle(runs, signatures);
    }

    function test_the_statement_itself_settles() public {
        _settle(run);
    }

    function test_the_type_string_is_the_published_one() public pure {
        assertEq(
            RunHash.TYPEHASH,
            keccak256(
                "Run(address ledger,address registry,bytes32 ticket,uint256 projectId,uint256 proposalId,bytes32 projectDigest,bytes32 proposalDigest,bytes32 incumbentCodeHash,int256 incumbentScore,uint8 verdict,bytes32 reason,int256 score,int256 lower,int256 upper,uint16 marginBips,uint8 metricKind,uint8 metricChannel,uint8 platformTier,uint16 ruleVersion,bytes32 bundleRoot,bytes32 evidenceRoot)"
            )
        );
    }

    function test_wrong_addresses_and_ids() public {
        Run memory changed = run;
        changed.ledger = address(1);
        _refused(changed, Statements.WrongLedger.selector);
        changed = run;
        changed.registry = address(enclaves);
        _refused(changed, Statements.WrongRegistry.selector);
        changed = run;
        changed.projectId = project + 1;
        _refused(changed, Statements.WrongProject.selector);
        changed = run;
        changed.proposalId = _submit(miner, "code", 10);
        _refused(changed, Statements.WrongProposal.selector);
        changed = run;
        changed.ticket = "no such ticket";
        _refused(changed, Tickets.UnknownTicket.selector);
    }

    function test_wrong_digests_and_incumbents() public {
        Run memory changed = run;
        changed.projectDigest = bytes32(uint256(run.projectDigest) ^ 1);
        _refused(changed, Statements.WrongProjectDigest.selector);
        changed = run;
        changed.proposalDigest = bytes32(uint256(run.proposalDigest) ^ 1);
        _refused(changed, Statements.WrongProposalDigest.selector);
        changed = run;
        changed.incumbentScore -= 1;
        _refused(changed, Statements.WrongIncumbent.selector);
        changed = run;
        changed.incumbentCodeHash = "slow code of the host's choice";
        _refused(changed, Statements.WrongIncumbent.selector);
    }

    function test_wrong_values_of_the_statement() public {
        Run memory changed = run;
        changed.verdict = 0;
        _refused(changed, Statements.UnknownVerdict.selector);
        changed.verdict = 4;
        _refused(changed, Statements.UnknownVerdict.selector);
        changed = run;
        changed.metricKind = 3;
        _refused(changed, Statements.UnknownMetricKind.selector);
        changed = run;
        changed.metricChannel = 3;
        _refused(changed, Statements.UnknownMetricChannel.selector);
        changed = run;
        changed.marginBips = 10_001;
        _refused(changed, Statements.MarginOutOfRange.selector);
        changed = run;
        changed.lower = run.score + 1;
        _refused(changed, Statements.ScoreOutOfInterval.selector);
        changed = run;
        changed.upper = run.score + 1;
        _refused(changed, Statements.ExactWithInterval.selector);
    }

    function test_wrong_evidence_tier_and_signer() public {
        Run memory changed = run;
        changed.evidenceRoot = "other evidence";
        _refused(changed, Statements.WrongEvidence.selector);
        changed = run;
        changed.platformTier = 1;
        _refused(changed, Statements.WrongPlatformTier.selector);
        enclave = 0xBAD;
        _refused(run, Statements.WrongSigner.selector);
    }

    function testFuzz_a_mangled_signature_is_nobodys(uint8 place, uint8 flip) public {
        vm.assume(flip != 0);
        bytes memory signature = _sign(run);
        signature[uint256(place) % 65] ^= bytes1(flip);
        (Run[] memory runs, bytes[] memory signatures) = _one(run, signature);
        vm.expectPartialRevert(Statements.WrongSigner.selector);
        gateway.settle(runs, signatures);
    }

    function test_the_key_must_count_at_settlement_too() public {
        uint256 before = vm.snapshotState();
        vm.prank(operator);
        enclaves.revoke(vm.addr(enclave));
        _refused(run, EnclaveRegistry.KeyIsRevoked.selector);
        vm.revertToState(before);
        before = vm.snapshotState();
        vm.prank(owner);
        policy.remove(MEASUREMENT);
        _refused(run, MeasurementPolicy.MeasurementNotListed.selector);
        vm.revertToState(before);
        address attester = vm.addr(attesters[0]);
        vm.prank(owner);
        quorum.removeAttester(attester);
        _refused(run, EnclaveRegistry.TrustWithdrawn.selector);
    }

    function test_a_ticket_has_its_time() public {
        vm.warp(vm.getBlockTimestamp() + TICKET_LIFE - 1);
        uint256 before = vm.snapshotState();
        _settle(run);
        vm.revertToState(before);
        vm.warp(vm.getBlockTimestamp() + 1);
        _refused(run, Tickets.TicketTimedOut.selector);
    }

    function test_the_gateway_takes_no_coin() public {
        vm.deal(address(this), 1 ether);
        (bool taken,) = address(gateway).call{value: 1}("");
        assertFalse(taken);
        (taken,) = address(gateway).call{value: 1}(abi.encodeCall(gateway.advance, (project, 1)));
        assertFalse(taken);
    }
}
