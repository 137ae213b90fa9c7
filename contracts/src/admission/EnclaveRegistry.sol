// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Admission, IAdmissionVerifier} from "./Admission.sol";
import {MeasurementPolicy} from "./MeasurementPolicy.sol";
import {PublicDelay} from "./PublicDelay.sol";

/// @notice An admitted key.
struct EnclaveKey {
    address operator;
    uint64 admittedAt;
    uint8 platformTier;
    bool revoked;
    address verifier;
    uint64 attesterEpoch;
    uint32 verdictsLeft;
    bytes32 platform;
    bytes32 measurement;
    bytes32 evidenceRoot;
    uint64 activatesAt;
    uint64 expiresAt;
}

/// @title Keys that exist only inside attested enclaves, and what is known of each.
/// @notice A key is admitted once, lives at most a day, and takes a bounded number of tickets. It is live
/// only while its measurement, its attesters and its admission verifier are what they were.
contract EnclaveRegistry is PublicDelay {
    /// @notice Longest life of a key, in seconds.
    uint64 public constant LONGEST_LIFE = 24 hours;
    /// @notice Most tickets of one key.
    uint32 public constant MOST_VERDICTS = 1024;

    /// @notice Which measured programs count.
    MeasurementPolicy public immutable policy;
    /// @notice Seconds between admission and activation, in which anyone may find fault with the evidence.
    uint64 public immutable challengeDelay;
    /// @notice Who is asked about admissions; zero means that none are accepted.
    IAdmissionVerifier public admissionVerifier;
    /// @notice When the admission verifier was put in place; keys admitted earlier are dead.
    uint64 public admissionVerifierSince;
    /// @notice An announced admission verifier; zero when there is none.
    IAdmissionVerifier public nextAdmissionVerifier;
    /// @notice When the announced admission verifier may be put in place.
    uint64 public nextAdmissionVerifierFrom;
    /// @notice The one contract that uses keys up; set once.
    address public gateway;
    mapping(address key => EnclaveKey) private _keys;

    event KeyAdmitted(
        address indexed key,
        address indexed operator,
        bytes32 indexed measurement,
        bytes32 platform,
        uint8 platformTier,
        bytes32 evidenceRoot,
        uint64 challengeBlock,
        uint64 activatesAt,
        uint64 expiresAt,
        uint32 verdicts
    );
    event KeyRevoked(address indexed key, address indexed by);
    event GatewayBound(address gateway);
    event AdmissionVerifierAnnounced(address verifier, uint64 effectiveFrom);
    event AdmissionVerifierChanged(address verifier);

    error NoAdmissionVerifier();
    error NoVerifierAnnounced();
    error VerifierNotYetEffective(uint64 effectiveFrom);
    error GatewayAlreadyBound(address gateway);
    error ZeroAddress();
    error NotGateway(address caller);
    /// @notice A key is admitted once and never again.
    error KeyAlreadyAdmitted(address key);
    /// @notice The block is not among the last 256, so its hash is not to be had.
    error ChallengeBlockOutOfReach(uint64 challengeBlock);
    error LifeOutOfRange(uint64 activatesAt, uint64 expiresAt, uint64 latest);
    error VerdictsOutOfRange(uint32 verdicts, uint32 most);
    error UnknownKey(address key);
    error KeyNotYetActive(address key, uint64 activatesAt);
    error KeyExpired(address key, uint64 expiresAt);
    error KeyIsRevoked(address key);
    /// @notice The admission verifier was replaced, or began a new epoch, after the key was admitted.
    error TrustWithdrawn(address key, uint64 admittedEpoch, uint64 epoch);
    error NoVerdictsLeft(address key);
    error MayNotRevoke(address caller);

    constructor(
        address owner_,
        uint64 delay_,
        MeasurementPolicy policy_,
        IAdmissionVerifier admissionVerifier_,
        uint64 challengeDelay_
    ) PublicDelay(owner_, delay_) {
        if (address(policy_) == address(0)) revert ZeroAddress();
        policy = policy_;
        admissionVerifier = admissionVerifier_;
        challengeDelay = challengeDelay_;
        emit AdmissionVerifierChanged(address(admissionVerifier_));
    }

    /// @notice Names the gateway, once and for good.
    function bindGateway(address gateway_) external onlyOwner {
        if (gateway != address(0)) revert GatewayAlreadyBound(gateway);
        if (gateway_ == address(0)) revert ZeroAddress();
        gateway = gateway_;
        emit GatewayBound(gateway_);
    }

    /// @notice Announces another admission verifier; it may be put in place after the delay.
    function announceAdmissionVerifier(IAdmissionVerifier verifier) external onlyOwner {
        if (address(verifier) == address(0)) revert ZeroAddress();
        nextAdmissionVerifier = verifier;
        nextAdmissionVerifierFrom = _effective();
        emit AdmissionVerifierAnnounced(address(verifier), nextAdmissionVerifierFrom);
    }

    /// @notice Puts the announced admission verifier in place; keys of the former one are dead.
    function changeAdmissionVerifier() external {
        IAdmissionVerifier verifier = nextAdmissionVerifier;
        if (address(verifier) == address(0)) revert NoVerifierAnnounced();
        if (block.timestamp < nextAdmissionVerifierFrom) {
            revert VerifierNotYetEffective(nextAdmissionVerifierFrom);
        }
        delete nextAdmissionVerifier;
        delete nextAdmissionVerifierFrom;
        admissionVerifier = verifier;
        admissionVerifierSince = uint64(block.timestamp);
        emit AdmissionVerifierChanged(address(verifier));
    }

    /// @notice Ends admissions and kills every key at once, and withdraws an announced verifier.
    function removeAdmissionVerifier() external onlyOwner {
        delete nextAdmissionVerifier;
        delete nextAdmissionVerifierFrom;
        delete admissionVerifier;
        emit AdmissionVerifierChanged(address(0));
    }

    /// @notice Admits a key. Anyone may carry the admission here.
    function admit(Admission calldata admission, bytes calldata proof) external {
        IAdmissionVerifier verifier = admissionVerifier;
        if (address(verifier) == address(0)) revert NoAdmissionVerifier();
        if (admission.key == address(0) || admission.operator == address(0)) revert ZeroAddress();
        if (_keys[admission.key].operator != address(0)) revert KeyAlreadyAdmitted(admission.key);
        if (admission.verdicts == 0 || admission.verdicts > MOST_VERDICTS) {
            revert VerdictsOutOfRange(admission.verdicts, MOST_VERDICTS);
        }
        uint64 admittedAt = uint64(block.timestamp);
        uint64 activatesAt = admittedAt + challengeDelay;
        if (admission.expiresAt <= activatesAt || admission.expiresAt > admittedAt + LONGEST_LIFE) {
            revert LifeOutOfRange(activatesAt, admission.expiresAt, admittedAt + LONGEST_LIFE);
        }
        policy.requireListed(admission.measurement, admission.platform, admission.platformTier, admittedAt);
        verifier.requireAdmitted(admission, challengeAt(admission.operator, admission.challengeBlock), proof);
        _store(admission, verifier, admittedAt, activatesAt);
    }

    /// @notice Ends a key at once: its operator, the owner, or whom the admission verifier lets.
    function revoke(address key) external {
        EnclaveKey storage entry = _keys[key];
        if (entry.operator == address(0)) revert UnknownKey(key);
        IAdmissionVerifier verifier = admissionVerifier;
        bool allowed = msg.sender == entry.operator || msg.sender == owner()
            || (address(verifier) != address(0) && verifier.mayRevoke(msg.sender));
        if (!allowed) revert MayNotRevoke(msg.sender);
        if (entry.revoked) revert KeyIsRevoked(key);
        entry.revoked = true;
        emit KeyRevoked(key, msg.sender);
    }

    /// @notice Takes one ticket off a live key.
    /// @return entry the key, after the ticket was taken.
    function consume(address key) external returns (EnclaveKey memory entry) {
        if (msg.sender != gateway) revert NotGateway(msg.sender);
        (entry,) = requireLive(key);
        if (entry.verdictsLeft == 0) revert NoVerdictsLeft(key);
        entry.verdictsLeft -= 1;
        _keys[key].verdictsLeft = entry.verdictsLeft;
    }

    /// @notice The key as stored; all zero when it was never admitted.
    function keyOf(address key) external view returns (EnclaveKey memory) {
        return _keys[key];
    }

    /// @notice Whether `requireLive` would pass.
    function isLive(address key) external view returns (bool) {
        try this.requireLive(key) {
            return true;
        } catch {
            return false;
        }
    }

    /// @notice Reverts unless statements of the key count now.
    /// @return entry the key. @return timedAllowed whether its timed statements count.
    function requireLive(address key) public view returns (EnclaveKey memory entry, bool timedAllowed) {
        entry = _keys[key];
        if (entry.operator == address(0)) revert UnknownKey(key);
        if (entry.revoked) revert KeyIsRevoked(key);
        if (block.timestamp < entry.activatesAt) revert KeyNotYetActive(key, entry.activatesAt);
        if (block.timestamp >= entry.expiresAt) revert KeyExpired(key, entry.expiresAt);
        IAdmissionVerifier verifier = admissionVerifier;
        if (address(verifier) == address(0)) revert NoAdmissionVerifier();
        uint64 epoch = verifier.epoch();
        bool trusted = address(verifier) == entry.verifier && epoch == entry.attesterEpoch
            && entry.admittedAt >= admissionVerifierSince;
        if (!trusted) {
            revert TrustWithdrawn(key, entry.attesterEpoch, epoch);
        }
        timedAllowed =
            policy.requireListed(entry.measurement, entry.platform, entry.platformTier, entry.admittedAt);
    }

    /// @notice The challenge that evidence must carry: keccak256(abi.encode(chain, this, operator, number, hash)).
    function challengeAt(address operator, uint64 challengeBlock) public view returns (bytes32) {
        bytes32 blockHash = blockhash(challengeBlock);
        if (blockHash == 0) revert ChallengeBlockOutOfReach(challengeBlock);
        return
            keccak256(abi.encode(block.chainid, address(this), operator, uint256(challengeBlock), blockHash));
    }

    function _store(
        Admission calldata admission,
        IAdmissionVerifier verifier,
        uint64 admittedAt,
        uint64 activatesAt
    ) private {
        EnclaveKey storage entry = _keys[admission.key];
        entry.operator = admission.operator;
        entry.admittedAt = admittedAt;
        entry.platformTier = admission.platformTier;
        entry.verifier = address(verifier);
        entry.attesterEpoch = verifier.epoch();
        entry.verdictsLeft = admission.verdicts;
        entry.platform = admission.platform;
        entry.measurement = admission.measurement;
        entry.evidenceRoot = admission.evidenceRoot;
        entry.activatesAt = activatesAt;
        entry.expiresAt = admission.expiresAt;
        emit KeyAdmitted(
            admission.key,
            admission.operator,
            admission.measurement,
            admission.platform,
            admission.platformTier,
            admission.evidenceRoot,
            admission.challengeBlock,
            activatesAt,
            admission.expiresAt,
            admission.verdicts
        );
    }
}
