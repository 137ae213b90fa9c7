// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Admission} from "../../src/admission/Admission.sol";
import {AttesterQuorum} from "../../src/admission/AttesterQuorum.sol";
import {Admissions} from "./Admissions.sol";

contract AttesterQuorumTest is Admissions {
    address private key = makeAddr("key");

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.roll(1_000);
        _deployAdmission();
    }

    function _digest(Admission memory admission) private view returns (bytes32) {
        return
            quorum.admissionDigest(
                admission, enclaves.challengeAt(admission.operator, admission.challengeBlock)
            );
    }

    function test_any_two_of_three_suffice() public {
        for (uint256 i = 0; i < 3; i++) {
            Admission memory admission = _admission(address(uint160(10 + i)));
            enclaves.admit(admission, _proof(admission, attesters[i], attesters[(i + 1) % 3]));
        }
    }

    function test_one_attester_does_not_count_twice() public {
        Admission memory admission = _admission(key);
        bytes memory once = _signature(attesters[0], _digest(admission));
        vm.expectPartialRevert(AttesterQuorum.SignersNotAscending.selector);
        enclaves.admit(admission, bytes.concat(once, once));
        vm.expectRevert(abi.encodeWithSelector(AttesterQuorum.WrongSignatureCount.selector, 65, 2));
        enclaves.admit(admission, once);
        vm.expectRevert(abi.encodeWithSelector(AttesterQuorum.WrongSignatureCount.selector, 0, 2));
        enclaves.admit(admission, "");
    }

    function test_signatures_must_ascend() public {
        Admission memory admission = _admission(key);
        bytes memory proof = _proof(admission, attesters[0], attesters[1]);
        bytes memory swapped = new bytes(130);
        for (uint256 i = 0; i < 130; i++) {
            swapped[i] = proof[(i + 65) % 130];
        }
        vm.expectPartialRevert(AttesterQuorum.SignersNotAscending.selector);
        enclaves.admit(admission, swapped);
    }

    function test_garbage_is_not_an_attester() public {
        Admission memory admission = _admission(key);
        vm.expectRevert(abi.encodeWithSelector(AttesterQuorum.UnknownAttester.selector, address(0)));
        enclaves.admit(admission, new bytes(130));
        bytes memory proof = _proof(admission, attesters[0], 99);
        vm.expectPartialRevert(AttesterQuorum.UnknownAttester.selector);
        enclaves.admit(admission, proof);
    }

    function test_the_signed_digest_is_plain_eip712() public view {
        Admission memory admission = _admission(key);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("orv"),
                keccak256("1"),
                block.chainid,
                address(quorum)
            )
        );
        bytes32 challenge = enclaves.challengeAt(operator, admission.challengeBlock);
        bytes32 hash = keccak256(abi.encode(quorum.ADMISSION_TYPEHASH(), admission, challenge));
        assertEq(_digest(admission), keccak256(abi.encodePacked(hex"1901", domain, hash)));
    }

    function test_thresholds_out_of_range_are_refused() public {
        address[] memory one = new address[](1);
        one[0] = address(1);
        for (uint32 wrong = 0; wrong <= 2; wrong += 2) {
            vm.expectRevert(abi.encodeWithSelector(AttesterQuorum.ThresholdOutOfRange.selector, wrong));
            new AttesterQuorum(owner, DELAY, one, wrong);
        }
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(AttesterQuorum.ThresholdOutOfRange.selector, 2));
        quorum.lowerThreshold(2);
        vm.expectRevert(abi.encodeWithSelector(AttesterQuorum.ThresholdOutOfRange.selector, 2));
        quorum.raiseThreshold(2);
    }
}
