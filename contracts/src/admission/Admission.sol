// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What attesters say of an enclave's key.
struct Admission {
    /// @dev Address of the enclave's secp256k1 key.
    address key;
    /// @dev Who runs the enclave, opens its tickets and is paid.
    address operator;
    /// @dev ASCII name, zero padded: "nitro", "tdx", "snp", "sim-nitro", ...
    bytes32 platform;
    /// @dev What MeasurementPolicy lists.
    bytes32 measurement;
    /// @dev 0G root of the raw evidence and its collateral.
    bytes32 evidenceRoot;
    /// @dev Number of the block that the evidence's challenge was made from.
    uint64 challengeBlock;
    /// @dev End of the key's life; never later than its collateral's.
    uint64 expiresAt;
    /// @dev Tickets the key may take.
    uint32 verdicts;
    /// @dev 0 simulated, 1 trusted counter, 2 weak counter.
    uint8 platformTier;
}

/// @title A way to be convinced of an admission: a quorum of attesters, a proof, an on-chain verifier.
interface IAdmissionVerifier {
    /// @notice Reverts unless the proof convinces.
    function requireAdmitted(Admission calldata admission, bytes32 challenge, bytes calldata proof)
        external
        view;

    /// @notice Grows whenever trust is withdrawn; keys admitted in an earlier epoch are dead.
    function epoch() external view returns (uint64);

    /// @notice Whether the account may revoke any key at once.
    function mayRevoke(address account) external view returns (bool);
}
