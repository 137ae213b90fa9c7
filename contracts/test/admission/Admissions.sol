// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Admission, IAdmissionVerifier} from "../../src/admission/Admission.sol";
import {AttesterQuorum} from "../../src/admission/AttesterQuorum.sol";
import {EnclaveRegistry} from "../../src/admission/EnclaveRegistry.sol";
import {ListedMeasurement, MeasurementPolicy} from "../../src/admission/MeasurementPolicy.sol";

/// Two attesters out of three, one listed measurement, and admissions they sign.
abstract contract Admissions is Test {
    uint64 internal constant DELAY = 2 days;
    uint64 internal constant CHALLENGE_DELAY = 10 minutes;
    bytes32 internal constant PLATFORM = "sim-nitro";
    bytes32 internal constant MEASUREMENT = "measured program";
    uint8 internal constant TIER = 2;

    address internal owner = makeAddr("owner");
    address internal operator = makeAddr("operator");
    uint256[] internal attesters;
    MeasurementPolicy internal policy;
    AttesterQuorum internal quorum;
    EnclaveRegistry internal enclaves;

    function _deployAdmission() internal {
        ListedMeasurement[] memory listed = new ListedMeasurement[](1);
        listed[0] = ListedMeasurement(MEASUREMENT, PLATFORM, TIER, true);
        policy = new MeasurementPolicy(owner, DELAY, listed);
        address[] memory initial = new address[](3);
        for (uint256 i = 0; i < 3; i++) {
            attesters.push(uint256(keccak256(abi.encode("attester", i))) >> 1);
            initial[i] = vm.addr(attesters[i]);
        }
        quorum = new AttesterQuorum(owner, DELAY, initial, 2);
        enclaves = new EnclaveRegistry(owner, DELAY, policy, IAdmissionVerifier(quorum), CHALLENGE_DELAY);
    }

    function _admission(address key) internal view returns (Admission memory) {
        return Admission({
            key: key,
            operator: operator,
            platform: PLATFORM,
            measurement: MEASUREMENT,
            evidenceRoot: keccak256(abi.encode("evidence of", key)),
            challengeBlock: uint64(vm.getBlockNumber()) - 1,
            expiresAt: uint64(vm.getBlockTimestamp()) + 24 hours,
            verdicts: 100,
            platformTier: TIER
        });
    }

    function _proof(Admission memory admission, uint256 first, uint256 second)
        internal
        view
        returns (bytes memory)
    {
        bytes32 challenge = enclaves.challengeAt(admission.operator, admission.challengeBlock);
        bytes32 digest = quorum.admissionDigest(admission, challenge);
        if (vm.addr(first) > vm.addr(second)) (first, second) = (second, first);
        return bytes.concat(_signature(first, digest), _signature(second, digest));
    }

    function _admit(address key) internal {
        _admitWith(key, MEASUREMENT);
    }

    function _admitWith(address key, bytes32 measurement) internal {
        Admission memory admission = _admission(key);
        admission.measurement = measurement;
        enclaves.admit(admission, _proof(admission, attesters[0], attesters[1]));
    }

    function _signature(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }
}
