// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Admission, IAdmissionVerifier} from "../../src/admission/Admission.sol";
import {AttesterQuorum} from "../../src/admission/AttesterQuorum.sol";
import {EnclaveKey, EnclaveRegistry} from "../../src/admission/EnclaveRegistry.sol";
import {ListedMeasurement, MeasurementPolicy} from "../../src/admission/MeasurementPolicy.sol";
import {Admissions} from "./Admissions.sol";

contract EnclaveRegistryTest is Admissions {
    address private key = makeAddr("key");
    address private gateway = makeAddr("gateway");
    uint64 private start = 1_800_000_000;

    function setUp() public {
        vm.warp(start);
        vm.roll(1_000);
        _deployAdmission();
        vm.prank(owner);
        enclaves.bindGateway(gateway);
    }

    function _live() private {
        _admit(key);
        vm.warp(start + CHALLENGE_DELAY);
        enclaves.requireLive(key);
    }

    function _refused(Admission memory admission, bytes memory reason) private {
        bytes memory proof = _proof(admission, attesters[0], attesters[1]);
        vm.expectRevert(reason);
        enclaves.admit(admission, proof);
    }

    function test_an_admitted_key_is_stored_as_it_was_signed() public {
        Admission memory admission = _admission(key);
        vm.expectEmit(address(enclaves));
        emit EnclaveRegistry.KeyAdmitted(
            key,
            operator,
            MEASUREMENT,
            PLATFORM,
            TIER,
            admission.evidenceRoot,
            admission.challengeBlock,
            start + CHALLENGE_DELAY,
            start + 24 hours,
            100
        );
        _admit(key);
        EnclaveKey memory stored = enclaves.keyOf(key);
        assertEq(stored.operator, operator);
        assertEq(stored.evidenceRoot, admission.evidenceRoot);
        assertEq(stored.verdictsLeft, 100);
        assertEq(stored.admittedAt, start);
    }

    function test_the_challenge_is_the_published_formula() public view {
        bytes32 expected =
            keccak256(abi.encode(block.chainid, address(enclaves), operator, uint256(999), blockhash(999)));
        assertEq(enclaves.challengeAt(operator, 999), expected);
    }

    function test_a_challenge_block_must_be_among_the_last_256() public {
        enclaves.challengeAt(operator, 744);
        uint64[3] memory outOfReach = [uint64(743), 1_000, 1_001];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(EnclaveRegistry.ChallengeBlockOutOfReach.selector, outOfReach[i])
            );
            enclaves.challengeAt(operator, outOfReach[i]);
        }
    }

    function test_every_signed_field_is_bound() public {
        Admission memory signed = _admission(key);
        bytes memory proof = _proof(signed, attesters[0], attesters[1]);
        for (uint256 field = 0; field < 6; field++) {
            Admission memory changed = _admission(key);
            if (field == 0) changed.key = makeAddr("other key");
            if (field == 1) changed.operator = makeAddr("other operator");
            if (field == 2) changed.evidenceRoot = "other evidence";
            if (field == 3) changed.challengeBlock -= 1;
            if (field == 4) changed.expiresAt -= 1;
            if (field == 5) changed.verdicts += 1;
            vm.expectPartialRevert(AttesterQuorum.UnknownAttester.selector);
            enclaves.admit(changed, proof);
        }
        enclaves.admit(signed, proof);
    }

    function test_a_key_is_admitted_once_and_never_again() public {
        _admit(key);
        _refused(_admission(key), abi.encodeWithSelector(EnclaveRegistry.KeyAlreadyAdmitted.selector, key));
        vm.warp(start + 3 days);
        _refused(_admission(key), abi.encodeWithSelector(EnclaveRegistry.KeyAlreadyAdmitted.selector, key));
    }

    function test_life_and_verdicts_are_bounded() public {
        Admission memory admission = _admission(key);
        admission.expiresAt = start + 24 hours + 1;
        _refused(
            admission,
            abi.encodeWithSelector(
                EnclaveRegistry.LifeOutOfRange.selector,
                start + CHALLENGE_DELAY,
                admission.expiresAt,
                start + 24 hours
            )
        );
        admission = _admission(key);
        admission.verdicts = 1025;
        _refused(admission, abi.encodeWithSelector(EnclaveRegistry.VerdictsOutOfRange.selector, 1025, 1024));
        admission.verdicts = 0;
        _refused(admission, abi.encodeWithSelector(EnclaveRegistry.VerdictsOutOfRange.selector, 0, 1024));
    }

    function test_platform_and_tier_must_be_the_listed_ones() public {
        Admission memory admission = _admission(key);
        admission.platform = "nitro";
        _refused(
            admission,
            abi.encodeWithSelector(MeasurementPolicy.WrongPlatform.selector, bytes32("nitro"), PLATFORM)
        );
        admission = _admission(key);
        admission.platformTier = 1;
        _refused(admission, abi.encodeWithSelector(MeasurementPolicy.WrongTier.selector, 1, TIER));
        admission = _admission(key);
        admission.measurement = "another program";
        _refused(
            admission,
            abi.encodeWithSelector(MeasurementPolicy.MeasurementNotListed.selector, admission.measurement)
        );
    }

    function test_a_key_lives_from_activation_to_expiry() public {
        _admit(key);
        vm.warp(start + CHALLENGE_DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(EnclaveRegistry.KeyNotYetActive.selector, key, start + CHALLENGE_DELAY)
        );
        enclaves.requireLive(key);
        vm.warp(start + CHALLENGE_DELAY);
        assertTrue(enclaves.isLive(key));
        vm.warp(start + 24 hours);
        vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.KeyExpired.selector, key, start + 24 hours));
        enclaves.requireLive(key);
    }

    function test_operator_owner_and_attester_revoke_at_once() public {
        address[3] memory revokers = [operator, owner, vm.addr(attesters[2])];
        for (uint256 i = 0; i < 3; i++) {
            address each = address(uint160(100 + i));
            _admit(each);
            vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.MayNotRevoke.selector, address(this)));
            enclaves.revoke(each);
            vm.prank(revokers[i]);
            enclaves.revoke(each);
            vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.KeyIsRevoked.selector, each));
            enclaves.requireLive(each);
        }
    }

    function test_removing_an_attester_kills_every_earlier_key() public {
        _live();
        address removed = vm.addr(attesters[2]);
        vm.prank(owner);
        quorum.removeAttester(removed);
        vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.TrustWithdrawn.selector, key, 0, 1));
        enclaves.requireLive(key);
    }

    function test_relisting_a_removed_measurement_does_not_revive_its_keys() public {
        Admission memory admission = _admission(key);
        _live();
        vm.startPrank(owner);
        policy.remove(MEASUREMENT);
        assertFalse(enclaves.isLive(key));
        policy.list(ListedMeasurement(MEASUREMENT, PLATFORM, TIER, true));
        vm.stopPrank();
        vm.warp(start + CHALLENGE_DELAY + DELAY);
        vm.prank(address(enclaves));
        vm.expectPartialRevert(MeasurementPolicy.AdmittedBeforeListing.selector);
        policy.requireListed(MEASUREMENT, PLATFORM, TIER, start);
        assertLt(admission.expiresAt, vm.getBlockTimestamp());
    }

    function test_a_new_admission_verifier_waits_and_kills_the_keys_of_the_old_one() public {
        _live();
        address[] memory one = new address[](1);
        one[0] = address(9);
        AttesterQuorum next = new AttesterQuorum(owner, DELAY, one, 1);
        vm.prank(owner);
        enclaves.announceAdmissionVerifier(IAdmissionVerifier(next));
        uint64 effective = uint64(vm.getBlockTimestamp()) + DELAY;
        vm.warp(effective - 1);
        vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.VerifierNotYetEffective.selector, effective));
        enclaves.changeAdmissionVerifier();
        vm.warp(effective);
        enclaves.changeAdmissionVerifier();
        assertEq(address(enclaves.admissionVerifier()), address(next));
        assertFalse(enclaves.isLive(key));
        vm.expectRevert(EnclaveRegistry.NoVerifierAnnounced.selector);
        enclaves.changeAdmissionVerifier();
    }

    function test_removing_the_admission_verifier_is_immediate() public {
        _live();
        vm.startPrank(owner);
        enclaves.announceAdmissionVerifier(IAdmissionVerifier(quorum));
        enclaves.removeAdmissionVerifier();
        vm.stopPrank();
        vm.expectRevert(EnclaveRegistry.NoAdmissionVerifier.selector);
        enclaves.requireLive(key);
        vm.warp(start + 10 * DELAY);
        vm.expectRevert(EnclaveRegistry.NoVerifierAnnounced.selector);
        enclaves.changeAdmissionVerifier();
    }

    function test_a_verifier_that_comes_back_revives_no_key() public {
        _live();
        EnclaveRegistry quick = new EnclaveRegistry(owner, 1, policy, IAdmissionVerifier(quorum), 0);
        enclaves = quick;
        _admit(key);
        assertTrue(quick.isLive(key));
        vm.startPrank(owner);
        quick.removeAdmissionVerifier();
        quick.announceAdmissionVerifier(IAdmissionVerifier(quorum));
        vm.warp(vm.getBlockTimestamp() + 1);
        quick.changeAdmissionVerifier();
        vm.stopPrank();
        assertFalse(quick.isLive(key));
    }

    function test_only_the_gateway_uses_keys_up_and_only_so_often() public {
        Admission memory admission = _admission(key);
        admission.verdicts = 2;
        enclaves.admit(admission, _proof(admission, attesters[1], attesters[2]));
        vm.warp(start + CHALLENGE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.NotGateway.selector, address(this)));
        enclaves.consume(key);
        vm.startPrank(gateway);
        enclaves.consume(key);
        enclaves.consume(key);
        vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.NoVerdictsLeft.selector, key));
        enclaves.consume(key);
    }

    function test_the_gateway_is_bound_once() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(EnclaveRegistry.GatewayAlreadyBound.selector, gateway));
        enclaves.bindGateway(address(9));
    }
}
