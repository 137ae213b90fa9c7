// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ProjectRegistry} from "../../src/upstream/ProjectRegistry.sol";
import {ProjectToken} from "../../src/upstream/ProjectToken.sol";
import {ProposalLedger} from "../../src/upstream/ProposalLedger.sol";
import {VerifierRegistry} from "../../src/upstream/VerifierRegistry.sol";

/// Selectors, topics and constants of the deployed contracts, written out (reference 1.2 to 1.5).
contract InterfaceTest is Test {
    function test_project_registry_has_the_deployed_selectors() public pure {
        assertEq(ProjectRegistry.createProject.selector, bytes4(0xc9892888));
        assertEq(ProjectRegistry.currentBestAggregateScore.selector, bytes4(0x3b8673e7));
        assertEq(ProjectRegistry.getProject.selector, bytes4(0xf0f3f2c8));
        assertEq(bytes4(keccak256("nextProjectId()")), bytes4(0xe935b7b1));
        assertEq(bytes4(keccak256("proposalLedger()")), bytes4(0x7fbf85e7));
        assertEq(ProjectRegistry.tokenOf.selector, bytes4(0xea78803f));
        assertEq(ProjectRegistry.updateBest.selector, bytes4(0xef8a01b4));
        assertEq(ProjectRegistry.LedgerZero.selector, bytes4(0x9d1880b4));
        assertEq(ProjectRegistry.NotLedger.selector, bytes4(0xce1c71c5));
        assertEq(ProjectRegistry.ScoreNotImproved.selector, bytes4(0x591ab7ed));
        assertEq(ProjectRegistry.UnknownProject.selector, bytes4(0x6631410f));
    }

    function test_project_registry_has_the_deployed_topics() public pure {
        _topic(
            ProjectRegistry.ProjectCreated.selector,
            0xb2dec8491e891ef9ec892265320dc6e7c7621db5ae1f3e9821c8f784a076142a
        );
        _topic(
            ProjectRegistry.BestUpdated.selector,
            0x0ce501a73e88bb8e462de407d174dfb21819b47ccc29dc46de745446a3fab2dc
        );
    }

    function test_proposal_ledger_has_the_deployed_selectors() public pure {
        assertEq(ProposalLedger.submit.selector, bytes4(0xa8d269ba));
        assertEq(ProposalLedger.claimReview.selector, bytes4(0x3e3f1b98));
        assertEq(ProposalLedger.approve.selector, bytes4(0x7b322d43));
        assertEq(ProposalLedger.reject.selector, bytes4(0x6be1320b));
        assertEq(ProposalLedger.releaseReview.selector, bytes4(0x98795cb9));
        assertEq(ProposalLedger.expire.selector, bytes4(0xbf81bf43));
        assertEq(ProposalLedger.claimReward.selector, bytes4(0xae169a50));
        assertEq(ProposalLedger.getProposal.selector, bytes4(0xc7f758a8));
    }

    function test_proposal_ledger_has_the_deployed_errors() public pure {
        assertEq(ProposalLedger.ExpiryNotReached.selector, bytes4(0x056c9347));
        assertEq(ProposalLedger.LockActive.selector, bytes4(0x104a1b9e));
        assertEq(ProposalLedger.LockExpired.selector, bytes4(0xf6fafba0));
        assertEq(ProposalLedger.NotVerifier.selector, bytes4(0x24663556));
        assertEq(ProposalLedger.NothingToClaim.selector, bytes4(0x969bf728));
        assertEq(ProposalLedger.RegistryZero.selector, bytes4(0x7946f0e5));
        assertEq(ProposalLedger.ScoreNotImproved.selector, bytes4(0x591ab7ed));
        assertEq(ProposalLedger.UnknownProject.selector, bytes4(0x6631410f));
        assertEq(ProposalLedger.UnknownProposal.selector, bytes4(0x5d5d3ca0));
        assertEq(ProposalLedger.VerifierRegistryZero.selector, bytes4(0x2c54bfbb));
        assertEq(ProposalLedger.WrongReviewer.selector, bytes4(0x023fd95d));
        assertEq(ProposalLedger.WrongStatus.selector, bytes4(0x8e78f0cb));
        assertEq(ProposalLedger.ZeroStake.selector, bytes4(0x150a67e9));
    }

    function test_proposal_ledger_answers_the_deployed_getters() public {
        address ledger = address(new ProposalLedger(address(1), address(2)));
        assertEq(_word(ledger, hex"e1a45218"), 10000);
        assertEq(_word(ledger, hex"0d23482b"), 604800);
        assertEq(_word(ledger, hex"fd5a0898"), 86400);
        assertEq(_word(ledger, hex"f6e2f5e0"), 5000);
        assertEq(_word(ledger, hex"0696c674"), 5000);
        assertEq(_word(ledger, hex"7b103999"), 1);
        assertEq(_word(ledger, hex"86a23a6b"), 2);
        assertEq(_word(ledger, hex"2ab09d14"), 0);
        assertEq(_word(ledger, abi.encodePacked(bytes4(0xa0c7f71c), abi.encode(0, address(3)))), 0);
    }

    function test_proposal_ledger_has_the_deployed_topics() public pure {
        _topic(
            ProposalLedger.ProposalSubmitted.selector,
            0xa4d1f389c1635fe17c6493eee8acde220dda5aadbe29927b54e459fb84e95144
        );
        _topic(
            ProposalLedger.ReviewClaimed.selector,
            0x47637b43a900c544aead1697326f1adc29946c4b44cb43eb5f43e34b2d11739e
        );
        _topic(
            ProposalLedger.ReviewReleased.selector,
            0xf2e4723ce76a75a1aecdca2ef91820efe9fb7f9e0c45afd00058375f0d956774
        );
        _topic(
            ProposalLedger.ProposalApproved.selector,
            0xf9864651f73eb83c9c04a32bbfc01af358477185c47e3f04895a7bc34efc95fa
        );
        _topic(
            ProposalLedger.ProposalRejected.selector,
            0x4370f00cf16c399ff46ad6fea4160e752df26de8ed4b78df2b6745999aac98f7
        );
        _topic(
            ProposalLedger.ProposalExpired.selector,
            0xa07726147f0c03d4479e98c14466ffc4f275943ad74baa7e6bd84b99b02c80dc
        );
        _topic(
            ProposalLedger.StakeSlashed.selector,
            0x44daff829d6e05c5c66e7f3a04cc4e8d8351a9b2fb3cddb0848cef8011ee3ce9
        );
        _topic(
            ProposalLedger.RewardClaimed.selector,
            0x24b5efa61dd1cfc659205a97fb8ed868f3cb8c81922bab2b96423e5de1de2cb7
        );
    }

    function test_verifier_registry_has_the_deployed_interface() public pure {
        assertEq(VerifierRegistry.addVerifier.selector, bytes4(0x9000b3d6));
        assertEq(VerifierRegistry.removeVerifier.selector, bytes4(0xca2dfd0a));
        assertEq(VerifierRegistry.isVerifier.selector, bytes4(0x33105218));
        assertEq(bytes4(keccak256("verifiers(uint256)")), bytes4(0xac1eff68));
        assertEq(VerifierRegistry.verifierCount.selector, bytes4(0xfb4adf52));
        assertEq(bytes4(keccak256("owner()")), bytes4(0x8da5cb5b));
        assertEq(bytes4(keccak256("transferOwnership(address)")), bytes4(0xf2fde38b));
        assertEq(bytes4(keccak256("renounceOwnership()")), bytes4(0x715018a6));
        assertEq(VerifierRegistry.AlreadyRegistered.selector, bytes4(0x3a81d6fc));
        assertEq(VerifierRegistry.NotRegistered.selector, bytes4(0xaba47339));
        assertEq(VerifierRegistry.ZeroAddress.selector, bytes4(0xd92e233d));
        _topic(
            VerifierRegistry.VerifierAdded.selector,
            0x6d05492139c5ea989514a5d2150c028041e5c087e2a39967f67dc7d2655adb81
        );
        _topic(
            VerifierRegistry.VerifierRemoved.selector,
            0x44a3cd4eb5cc5748f6169df057b1cb2ae4c383e87cd94663c430e095d4cba424
        );
    }

    function test_project_token_has_the_deployed_selectors() public pure {
        assertEq(ProjectToken.buy.selector, bytes4(0xa6f2ae3a));
        assertEq(ProjectToken.sell.selector, bytes4(0xe4849b32));
        assertEq(ProjectToken.quoteBuy.selector, bytes4(0x4beb394c));
        assertEq(ProjectToken.quoteSell.selector, bytes4(0xa64190c4));
        assertEq(ProjectToken.costBetween.selector, bytes4(0x44523922));
        assertEq(ProjectToken.priceAt.selector, bytes4(0x9dab2054));
        assertEq(ProjectToken.mintMinerReward.selector, bytes4(0xfa607f65));
        assertEq(ProjectToken.burnFromLedger.selector, bytes4(0xd49b3f7f));
        assertEq(ProjectToken.EthPayoutFailed.selector, bytes4(0xab789085));
        assertEq(ProjectToken.EthRefundFailed.selector, bytes4(0x514ff85c));
        assertEq(ProjectToken.InsufficientPayment.selector, bytes4(0xcd1c8867));
        assertEq(ProjectToken.NotLedger.selector, bytes4(0xce1c71c5));
        assertEq(ProjectToken.OverSupply.selector, bytes4(0xb92e052f));
        assertEq(ProjectToken.PoolCapExceeded.selector, bytes4(0x14ef863c));
        assertEq(ProjectToken.ZeroAmount.selector, bytes4(0x1f2a2005));
    }

    function test_project_token_answers_the_deployed_getters() public {
        address token = address(new ProjectToken("Token", "TKN", 11, 12, 13, address(14)));
        assertEq(_word(token, hex"c7876ea4"), 11);
        assertEq(_word(token, hex"83caf275"), 12);
        assertEq(_word(token, hex"0da4412c"), 13);
        assertEq(_word(token, hex"16ade3ab"), 0);
        assertEq(_word(token, hex"7fbf85e7"), 14);
        assertEq(_word(token, abi.encodeWithSignature("decimals()")), 0);
    }

    function test_project_token_has_the_deployed_topics() public pure {
        _topic(
            ProjectToken.Bought.selector, 0xa9a40dec7a304e5915d11358b968c1e8d365992abf20f82285d1df1b30c8e24c
        );
        _topic(ProjectToken.Sold.selector, 0xbac9694ac0daa55169abd117086fe32c89401d9a3b15dd1d34e55e0aa4e47a9d);
        _topic(
            ProjectToken.MinerRewardMinted.selector,
            0xc28fbed34711840d01abbd47c84d27a1a885a7f1bf0f46b33056e271cb8f445b
        );
        _topic(
            ProjectToken.LedgerBurned.selector,
            0x9ff215781bff5b0a25afcd63bd499c4820a733664a93116274ae97392439993a
        );
    }

    function _topic(bytes32 actual, bytes32 deployed) private pure {
        assertEq(actual, deployed);
    }

    function _word(address target, bytes memory call) private view returns (uint256) {
        (bool answered, bytes memory result) = target.staticcall(call);
        assertTrue(answered);
        return abi.decode(result, (uint256));
    }
}
