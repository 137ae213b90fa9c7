// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Admission} from "../../src/admission/Admission.sol";
import {AttesterQuorum} from "../../src/admission/AttesterQuorum.sol";
import {ListedMeasurement, MeasurementPolicy} from "../../src/admission/MeasurementPolicy.sol";
import {PublicDelay} from "../../src/admission/PublicDelay.sol";
import {SharedProjects} from "../../src/gateway/SharedProjects.sol";
import {Admissions} from "./Admissions.sol";

/// Widening waits, whatever is widened and whenever one looks; narrowing does not.
contract PublicDelayTest is Admissions {
    uint64 private start = 1_800_000_000;
    SharedProjects private shared;
    address private key = makeAddr("key");

    function setUp() public {
        vm.warp(start);
        vm.roll(1_000);
        _deployAdmission();
        shared = new SharedProjects(owner, DELAY);
    }

    function test_a_zero_delay_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(PublicDelay.DelayTooShort.selector, 0, 1));
        new SharedProjects(owner, 0);
    }

    function testFuzz_a_listed_measurement_counts_only_after_the_delay(uint32 wait) public {
        vm.prank(owner);
        policy.list(ListedMeasurement("new", PLATFORM, 1, false));
        vm.warp(start + wait);
        if (wait < DELAY) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    MeasurementPolicy.MeasurementNotYetValid.selector, bytes32("new"), start + DELAY
                )
            );
        }
        policy.requireListed("new", PLATFORM, 1, start + wait);
    }

    function testFuzz_a_changed_listing_waits_like_a_new_one(uint32 wait) public {
        vm.prank(owner);
        policy.list(ListedMeasurement(MEASUREMENT, PLATFORM, 1, true));
        vm.warp(start + wait);
        if (wait < DELAY) vm.expectPartialRevert(MeasurementPolicy.MeasurementNotYetValid.selector);
        policy.requireListed(MEASUREMENT, PLATFORM, 1, start + wait);
    }

    function testFuzz_a_new_attester_counts_only_after_the_delay(uint32 wait) public {
        uint256 added = 77;
        vm.prank(owner);
        quorum.addAttester(vm.addr(added));
        vm.warp(start + wait);
        Admission memory admission = _admission(key);
        bytes memory proof = _proof(admission, attesters[0], added);
        if (wait < DELAY) {
            vm.expectRevert(abi.encodeWithSelector(AttesterQuorum.UnknownAttester.selector, vm.addr(added)));
        }
        enclaves.admit(admission, proof);
    }

    function testFuzz_a_lower_threshold_counts_only_after_the_delay(uint32 wait) public {
        vm.prank(owner);
        quorum.lowerThreshold(1);
        vm.warp(start + wait);
        assertEq(quorum.threshold(), wait < DELAY ? 2 : 1);
    }

    function testFuzz_a_shared_project_is_entered_only_after_the_delay(uint32 wait) public {
        vm.prank(owner);
        shared.enter(3, 500);
        vm.warp(start + wait);
        (bool entered, uint32 bound) = shared.boundOf(3);
        assertEq(entered, wait >= DELAY);
        assertEq(bound, wait >= DELAY ? 500 : 0);
    }

    function test_a_second_lowering_waits_at_the_first_ones_threshold() public {
        vm.startPrank(owner);
        quorum.raiseThreshold(3);
        quorum.lowerThreshold(2);
        vm.warp(start + DELAY);
        quorum.lowerThreshold(1);
        assertEq(quorum.threshold(), 2);
        vm.warp(start + 2 * DELAY);
        assertEq(quorum.threshold(), 1);
    }

    function test_announcing_again_begins_the_wait_again() public {
        vm.startPrank(owner);
        quorum.lowerThreshold(1);
        vm.warp(start + DELAY - 1);
        quorum.lowerThreshold(1);
        vm.warp(start + DELAY);
        assertEq(quorum.threshold(), 2);
        shared.enter(3, 1);
        vm.warp(start + 2 * DELAY - 1);
        shared.enter(3, 1_000);
        vm.warp(start + 2 * DELAY);
        (bool entered,) = shared.boundOf(3);
        assertFalse(entered);
    }

    function test_narrowing_is_immediate() public {
        vm.startPrank(owner);
        quorum.lowerThreshold(1);
        quorum.raiseThreshold(3);
        assertEq(quorum.threshold(), 3);
        assertEq(quorum.epoch(), 1);
        vm.warp(start + 2 * DELAY);
        assertEq(quorum.threshold(), 3);
        quorum.removeAttester(vm.addr(attesters[0]));
        assertEq(quorum.epoch(), 2);
        assertFalse(quorum.mayRevoke(vm.addr(attesters[0])));
        policy.remove(MEASUREMENT);
        vm.expectRevert(abi.encodeWithSelector(MeasurementPolicy.MeasurementNotListed.selector, MEASUREMENT));
        policy.requireListed(MEASUREMENT, PLATFORM, TIER, start + 2 * DELAY);
    }

    function test_strangers_change_nothing() public {
        bytes memory reason =
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this));
        vm.expectRevert(reason);
        policy.list(ListedMeasurement("new", PLATFORM, 1, false));
        vm.expectRevert(reason);
        policy.remove(MEASUREMENT);
        vm.expectRevert(reason);
        quorum.addAttester(address(1));
        vm.expectRevert(reason);
        quorum.removeAttester(address(1));
        vm.expectRevert(reason);
        quorum.lowerThreshold(1);
        vm.expectRevert(reason);
        quorum.raiseThreshold(3);
        vm.expectRevert(reason);
        shared.enter(1, 1);
        vm.expectRevert(reason);
        enclaves.bindGateway(address(1));
        vm.expectRevert(reason);
        enclaves.removeAdmissionVerifier();
    }
}
