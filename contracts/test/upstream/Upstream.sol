// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ProjectRegistry} from "../../src/upstream/ProjectRegistry.sol";
import {ProjectToken} from "../../src/upstream/ProjectToken.sol";
import {ProposalLedger} from "../../src/upstream/ProposalLedger.sol";
import {VerifierRegistry} from "../../src/upstream/VerifierRegistry.sol";

/// The protocol on a fresh chain, with one project, and miners who hold its tokens.
abstract contract Upstream is Test {
    uint256 internal constant START = 1_800_000_000;
    int256 internal constant BASELINE = 1_000_000;
    uint256 internal constant BASE_PRICE = 1e15;
    uint256 internal constant SLOPE = 1e12;
    uint256 internal constant POOL_CAP = 1_000;

    VerifierRegistry internal verifiers;
    ProjectRegistry internal registry;
    ProposalLedger internal ledger;
    ProjectToken internal token;
    uint256 internal project;
    address internal miner = makeAddr("miner");
    address internal rival = makeAddr("rival");

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1_000);
        verifiers = new VerifierRegistry(address(this));
        address ledgerAddress = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        registry = new ProjectRegistry(ledgerAddress);
        ledger = new ProposalLedger(address(registry), address(verifiers));
        assertEq(address(ledger), ledgerAddress);
        (project, token) = _createProject(BASELINE);
        _fund(token, miner);
        _fund(token, rival);
    }

    function _createProject(int256 baseline) internal returns (uint256 id, ProjectToken created) {
        address tokenAddress;
        (id, tokenAddress) = registry.createProject(
            "protocol",
            "snapshot",
            "benchmark",
            baseline,
            "metrics",
            "Token",
            "TKN",
            BASE_PRICE,
            SLOPE,
            POOL_CAP
        );
        created = ProjectToken(tokenAddress);
    }

    function _fund(ProjectToken of_, address account) internal {
        vm.deal(account, 10 ether);
        vm.startPrank(account);
        of_.buy{value: 1 ether}();
        of_.approve(address(ledger), type(uint256).max);
        vm.stopPrank();
    }

    function _submit(address from, bytes32 codeHash, uint256 stake) internal returns (uint256) {
        vm.prank(from);
        return ledger.submit(project, codeHash, "log", 2_000_000, stake, address(0));
    }
}
