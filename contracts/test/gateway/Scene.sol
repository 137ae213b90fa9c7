// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Project} from "../../src/upstream/IProjectRegistry.sol";
import {IProposalLedger, Proposal} from "../../src/upstream/IProposalLedger.sol";
import {Digest} from "../../src/gateway/Digest.sol";
import {MetricChannel, MetricKind, Run, Verdict} from "../../src/gateway/Run.sol";
import {SharedProjects} from "../../src/gateway/SharedProjects.sol";
import {Configuration, VerifierGateway} from "../../src/gateway/VerifierGateway.sol";
import {Admissions} from "../admission/Admissions.sol";
import {Upstream} from "../upstream/Upstream.sol";

/// The whole of it: protocol, admission, gateway, and an operator with a live key who runs and signs.
abstract contract Scene is Upstream, Admissions {
    uint64 internal constant TICKET_LIFE = 2 hours;
    uint64 internal constant WINDOW = 24 hours;
    uint64 internal constant PAYOUT_DELAY = 3 days;
    uint16 internal constant FEE_BIPS = 1_000;
    uint16 internal constant MARGIN = 100;

    SharedProjects internal shared;
    VerifierGateway internal gateway;
    uint256 internal enclave = 0xE1;

    function setUp() public virtual override {
        super.setUp();
        _deployAdmission();
        shared = new SharedProjects(owner, DELAY);
        gateway = new VerifierGateway(_configuration());
        vm.prank(owner);
        enclaves.bindGateway(address(gateway));
        verifiers.addVerifier(address(gateway));
        _activate(enclave);
    }

    function _quorum() internal pure virtual returns (uint8) {
        return 1;
    }

    function _configuration() internal view returns (Configuration memory) {
        return Configuration({
            ledger: IProposalLedger(ledger),
            enclaves: enclaves,
            sharedProjects: shared,
            timedQuorum: _quorum(),
            ticketLife: TICKET_LIFE,
            priorityWindow: WINDOW,
            payoutDelay: PAYOUT_DELAY,
            feeBips: FEE_BIPS
        });
    }

    /// Admits the key for the present operator and waits until it is active.
    function _activate(uint256 privateKey) internal {
        _admit(vm.addr(privateKey));
        _wait(CHALLENGE_DELAY);
    }

    function _wait(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
        vm.roll(vm.getBlockNumber() + 1);
    }

    function _open(uint256 proposal) internal returns (bytes32) {
        vm.prank(operator);
        return gateway.open(proposal, vm.addr(enclave));
    }

    /// What an honest enclave would say of an exact run with this score.
    function _run(uint256 proposalId, bytes32 ticket, uint8 verdict, int256 score)
        internal
        view
        returns (Run memory run)
    {
        Proposal memory proposal = ledger.getProposal(proposalId);
        Project memory of_ = registry.getProject(proposal.projectId);
        run.ledger = address(ledger);
        run.registry = address(registry);
        run.ticket = ticket;
        run.projectId = proposal.projectId;
        run.proposalId = proposalId;
        run.projectDigest = Digest.ofProject(of_);
        run.proposalDigest = Digest.ofProposal(proposal);
        run.incumbentCodeHash = of_.currentBestCodeHash;
        run.incumbentScore = of_.currentBestAggregateScore;
        run.verdict = verdict;
        run.reason = verdict == Verdict.APPROVE ? bytes32("improved") : bytes32("no-improvement");
        run.score = score;
        run.lower = score;
        run.upper = score;
        run.marginBips = MARGIN;
        run.metricKind = MetricKind.EXACT;
        run.metricChannel = MetricChannel.SPLIT;
        run.platformTier = TIER;
        run.ruleVersion = 1;
        run.bundleRoot = keccak256(abi.encode("bundle", ticket, score));
        run.evidenceRoot = enclaves.keyOf(gateway.ticketOf(ticket).key).evidenceRoot;
    }

    function _sign(Run memory run) internal view returns (bytes memory) {
        return _signature(enclave, gateway.runDigest(run));
    }

    function _settle(Run memory run) internal {
        _settleSigned(run, _sign(run));
    }

    function _settleSigned(Run memory run, bytes memory signature) internal {
        (Run[] memory runs, bytes[] memory signatures) = _one(run, signature);
        gateway.settle(runs, signatures);
    }

    function _cannotSettle(Run memory run, bytes memory reason) internal {
        (Run[] memory runs, bytes[] memory signatures) = _one(run, _sign(run));
        vm.expectRevert(reason);
        gateway.settle(runs, signatures);
    }

    function _one(Run memory run, bytes memory signature)
        internal
        pure
        returns (Run[] memory runs, bytes[] memory signatures)
    {
        runs = new Run[](1);
        signatures = new bytes[](1);
        runs[0] = run;
        signatures[0] = signature;
    }

    function _approve(uint256 proposal, int256 score) internal returns (Run memory run) {
        run = _run(proposal, _open(proposal), Verdict.APPROVE, score);
        _settle(run);
    }

    function _reject(uint256 proposal, int256 score) internal returns (Run memory run) {
        run = _run(proposal, _open(proposal), Verdict.REJECT, score);
        _settle(run);
    }
}
