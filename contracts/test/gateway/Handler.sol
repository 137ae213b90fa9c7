// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Proposal} from "../../src/upstream/IProposalLedger.sol";
import {Run, Verdict} from "../../src/gateway/Run.sol";
import {Scene} from "./Scene.sol";

/// Everybody who acts on the protocol, well or badly, and an own account of what must come of it.
contract Handler is Scene {
    address private constant ELSEWHERE = address(0xE15E);
    uint256 private constant MOST_STAKE = 40;

    uint256 public bought;
    uint256 public sold;
    uint256 public burned;
    uint256 public coinIn;
    uint256 public coinOut;
    uint256 public approvals;
    uint256 public rejections;
    uint256 public setAside;
    uint256 public expiries;
    uint256 public overtakings;
    uint256 public fourthAttempts;
    uint256 public unequalFees;
    mapping(uint256 proposalId => bytes32) public settledWith;
    mapping(uint256 proposalId => uint256) public settlements;

    function setUp() public override {
        super.setUp();
        verifiers.addVerifier(ELSEWHERE);
        bought = token.totalSupply();
        coinIn = address(token).balance;
    }

    function buy(bool rivals, uint64 coin) external {
        address who = rivals ? rival : miner;
        uint256 value = bound(coin, 1e16, 1 ether);
        vm.deal(who, value);
        uint256 held = address(token).balance;
        vm.prank(who);
        bought += token.buy{value: value}();
        coinIn += address(token).balance - held;
    }

    function sell(bool rivals, uint256 amount) external {
        address who = rivals ? rival : miner;
        amount = bound(amount, 0, token.balanceOf(who) / 4);
        if (amount == 0 || token.quoteSell(amount) > address(token).balance) return;
        vm.prank(who);
        coinOut += token.sell(amount);
        sold += amount;
    }

    function submit(bool rivals, uint256 stake) external {
        address who = rivals ? rival : miner;
        uint256 most = token.balanceOf(who) < MOST_STAKE ? token.balanceOf(who) : MOST_STAKE;
        if (most == 0) return;
        _submit(who, keccak256(abi.encode("code", ledger.nextProposalId())), bound(stake, 1, most));
    }

    function wait(uint32 time) external {
        _wait(bound(time, 1, 30 hours));
    }

    function judge(uint256 which, uint256 rise, bool approves) external {
        (bool opened, uint256 id, bytes32 ticket) = _attempt(which);
        if (!opened) return;
        int256 best = registry.currentBestAggregateScore(project);
        int256 margin = (best * int256(uint256(MARGIN)) + 9_999) / 10_000;
        int256 score =
            approves ? best + margin + int256(rise % 1_000) : best + margin - 1 - int256(rise % 1_000);
        Run memory run = _run(id, ticket, approves ? Verdict.APPROVE : Verdict.REJECT, score);
        (Run[] memory runs, bytes[] memory signatures) = _one(run, _sign(run));
        bool passed = _wouldStandInTheWay(id);
        uint256 fee = gateway.feeFor(project, ledger.getProposal(id).stake);
        uint256 owedBefore = gateway.owed(project, operator);
        try gateway.settle(runs, signatures) {
            _account(run, passed);
            if (gateway.owed(project, operator) - owedBefore != fee) unequalFees++;
        } catch {}
    }

    function giveUp(uint256 which) external {
        (bool opened, uint256 id, bytes32 ticket) = _attempt(which);
        if (!opened) return;
        Run memory run = _run(id, ticket, Verdict.INCONCLUSIVE, 0);
        gateway.record(run, _sign(run));
        setAside++;
    }

    function expire(uint256 which, bool forMiner) external {
        if (ledger.nextProposalId() == 0) return;
        uint256 id = which % ledger.nextProposalId();
        Proposal memory proposal = ledger.getProposal(id);
        if (forMiner) {
            try gateway.expireFor(id) {
                _burn(proposal.stake);
            } catch {}
        } else {
            vm.prank(ELSEWHERE);
            try ledger.expire(id) {
                _burn(proposal.stake);
            } catch {}
        }
    }

    function judgeElsewhere(uint256 which) external {
        if (ledger.nextProposalId() == 0) return;
        uint256 id = which % ledger.nextProposalId();
        if (ledger.getProposal(id).status != 0) return;
        int256 score = registry.currentBestAggregateScore(project) + 1;
        vm.startPrank(ELSEWHERE);
        ledger.claimReview(id);
        try ledger.approve(id, score, "elsewhere") {
            settledWith[id] = "elsewhere";
            settlements[id]++;
        } catch {}
        vm.stopPrank();
    }

    function withdraw() external {
        try gateway.withdraw(project, operator) {} catch {}
    }

    function holders() external view returns (uint256 sum) {
        sum = token.balanceOf(miner) + token.balanceOf(rival) + token.balanceOf(operator);
        sum += token.balanceOf(ELSEWHERE) + token.balanceOf(address(ledger))
        + token.balanceOf(address(gateway));
    }

    function ledgerBalance() external view returns (uint256) {
        return token.balanceOf(address(ledger));
    }

    function stakesUndecided() external view returns (uint256 sum) {
        for (uint256 id = 0; id < ledger.nextProposalId(); id++) {
            Proposal memory proposal = ledger.getProposal(id);
            if (proposal.status <= 1) sum += proposal.stake;
        }
    }

    function credits() external view returns (uint256) {
        return ledger.claimable(project, address(gateway)) + ledger.claimable(project, ELSEWHERE);
    }

    function gatewayAccounts() external view returns (uint256 held, uint256 accounted) {
        held = token.balanceOf(address(gateway));
        accounted = gateway.potOf(project) + gateway.owed(project, operator);
    }

    function supply() external view returns (uint256 total, uint256 minted) {
        return (token.totalSupply(), token.minerPoolMinted());
    }

    function curveCoin() external view returns (uint256) {
        return address(token).balance;
    }

    function proposals() external view returns (uint256) {
        return ledger.nextProposalId();
    }

    function proposalOf(uint256 id) external view returns (Proposal memory) {
        return ledger.getProposal(id);
    }

    function attemptsOf(uint256 id) external view returns (uint256) {
        return gateway.ticketsOf(id).length;
    }

    function _attempt(uint256 which) private returns (bool opened, uint256 id, bytes32 ticket) {
        if (ledger.nextProposalId() == 0) return (false, 0, 0);
        id = which % ledger.nextProposalId();
        enclave = 0xE000 + vm.getBlockTimestamp();
        if (enclaves.keyOf(vm.addr(enclave)).operator == address(0)) _activate(enclave);
        bool exhausted = gateway.ticketsOf(id).length == 3;
        vm.prank(operator);
        try gateway.open(id, vm.addr(enclave)) returns (bytes32 given) {
            if (exhausted) fourthAttempts++;
            return (true, id, given);
        } catch {
            return (false, id, 0);
        }
    }

    function _account(Run memory run, bool stoodInTheWay) private {
        settledWith[run.proposalId] = run.bundleRoot;
        settlements[run.proposalId]++;
        if (run.verdict == Verdict.APPROVE) {
            approvals++;
            if (stoodInTheWay) overtakings++;
        } else {
            rejections++;
            uint256 stake = ledger.getProposal(run.proposalId).stake;
            burned += stake - stake / 2;
        }
    }

    function _burn(uint256 stake) private {
        burned += stake - stake / 2;
        expiries++;
    }

    /// The rule of the turn, looked up one by one.
    function _wouldStandInTheWay(uint256 id) private view returns (bool) {
        for (uint256 earlier = 0; earlier < id; earlier++) {
            Proposal memory proposal = ledger.getProposal(earlier);
            bool young = vm.getBlockTimestamp() < proposal.submittedAt + WINDOW;
            if (proposal.status <= 1 && young && !gateway.isInconclusive(earlier)) return true;
        }
        return false;
    }
}
