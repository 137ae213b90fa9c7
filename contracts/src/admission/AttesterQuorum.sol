// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Admission, IAdmissionVerifier} from "./Admission.sol";
import {PublicDelay} from "./PublicDelay.sol";

/// @title Admission by m of n attesters, each of whom checked the raw evidence off chain.
/// @notice A new attester and a lower threshold wait the public delay. Removing an attester and raising the
/// threshold are immediate and begin a new epoch, in which every earlier admission is dead.
contract AttesterQuorum is IAdmissionVerifier, PublicDelay, EIP712 {
    /// @notice EIP-712 type that attesters sign; the challenge binds chain, registry, operator and block.
    bytes32 public constant ADMISSION_TYPEHASH = keccak256(
        "Admission(address key,address operator,bytes32 platform,bytes32 measurement,bytes32 evidenceRoot,uint64 challengeBlock,uint64 expiresAt,uint32 verdicts,uint8 platformTier,bytes32 challenge)"
    );
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @inheritdoc IAdmissionVerifier
    uint64 public epoch;
    /// @notice When an attester's word begins to count; zero means not an attester.
    mapping(address attester => uint64) public activeFrom;
    uint32 private _threshold;
    uint32 private _lowerThreshold;
    uint64 private _lowerFrom;

    event AttesterAdded(address indexed attester, uint64 activeFrom);
    event AttesterRemoved(address indexed attester, uint64 epoch);
    event ThresholdLowered(uint32 threshold, uint64 effectiveFrom);
    event ThresholdRaised(uint32 threshold, uint64 epoch);

    error ZeroAttester();
    error AlreadyAttester(address attester);
    error NotAttester(address attester);
    error ThresholdOutOfRange(uint32 threshold);
    /// @notice The proof is not exactly one 65-byte signature for each unit of the threshold.
    error WrongSignatureCount(uint256 proofLength, uint32 threshold);
    /// @notice Signatures must ascend by signer, so that nobody counts twice.
    error SignersNotAscending(address previous, address signer);
    error UnknownAttester(address signer);

    /// @param attesters In effect from the first block on; anything later waits.
    constructor(address owner_, uint64 delay_, address[] memory attesters, uint32 threshold_)
        PublicDelay(owner_, delay_)
        EIP712("orv", "1")
    {
        if (threshold_ == 0 || threshold_ > attesters.length) revert ThresholdOutOfRange(threshold_);
        for (uint256 i = 0; i < attesters.length; i++) {
            _add(attesters[i], uint64(block.timestamp));
        }
        _threshold = threshold_;
    }

    /// @notice Announces an attester; its signatures count after the delay.
    function addAttester(address attester) external onlyOwner {
        _add(attester, _effective());
    }

    /// @notice Removes an attester at once and begins a new epoch.
    function removeAttester(address attester) external onlyOwner {
        if (activeFrom[attester] == 0) revert NotAttester(attester);
        delete activeFrom[attester];
        epoch += 1;
        emit AttesterRemoved(attester, epoch);
    }

    /// @notice Announces a lower threshold; it takes effect after the delay.
    function lowerThreshold(uint32 threshold_) external onlyOwner {
        uint32 current = threshold();
        if (threshold_ == 0 || threshold_ >= current) revert ThresholdOutOfRange(threshold_);
        _threshold = current;
        _lowerThreshold = threshold_;
        _lowerFrom = _effective();
        emit ThresholdLowered(threshold_, _lowerFrom);
    }

    /// @notice Raises the threshold at once, withdraws an announced lower one and begins a new epoch.
    function raiseThreshold(uint32 threshold_) external onlyOwner {
        if (threshold_ <= threshold()) revert ThresholdOutOfRange(threshold_);
        _threshold = threshold_;
        _lowerFrom = 0;
        epoch += 1;
        emit ThresholdRaised(threshold_, epoch);
    }

    /// @inheritdoc IAdmissionVerifier
    /// @param proof Signatures r || s || v, one after another, ascending by signer address.
    function requireAdmitted(Admission calldata admission, bytes32 challenge, bytes calldata proof)
        external
        view
    {
        uint32 needed = threshold();
        if (proof.length != needed * SIGNATURE_LENGTH) revert WrongSignatureCount(proof.length, needed);
        bytes32 digest = admissionDigest(admission, challenge);
        address previous = address(0);
        for (uint256 start = 0; start < proof.length; start += SIGNATURE_LENGTH) {
            (address signer,,) = ECDSA.tryRecoverCalldata(digest, proof[start:start + SIGNATURE_LENGTH]);
            if (!_counts(signer)) revert UnknownAttester(signer);
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            previous = signer;
        }
    }

    /// @notice What attesters sign.
    function admissionDigest(Admission calldata admission, bytes32 challenge) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ADMISSION_TYPEHASH, admission, challenge)));
    }

    /// @notice Signatures an admission needs now.
    function threshold() public view returns (uint32) {
        return _lowerFrom != 0 && block.timestamp >= _lowerFrom ? _lowerThreshold : _threshold;
    }

    /// @inheritdoc IAdmissionVerifier
    /// @notice Every active attester may: withdrawing trust needs no quorum.
    function mayRevoke(address account) external view returns (bool) {
        return _counts(account);
    }

    function _counts(address attester) private view returns (bool) {
        uint64 from = activeFrom[attester];
        return from != 0 && block.timestamp >= from;
    }

    function _add(address attester, uint64 from) private {
        if (attester == address(0)) revert ZeroAttester();
        if (activeFrom[attester] != 0) revert AlreadyAttester(attester);
        activeFrom[attester] = from;
        emit AttesterAdded(attester, from);
    }
}
