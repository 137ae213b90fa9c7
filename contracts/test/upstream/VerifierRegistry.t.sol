// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Test} from "forge-std/Test.sol";

import {VerifierRegistry} from "../../src/upstream/VerifierRegistry.sol";

contract VerifierRegistryTest is Test {
    VerifierRegistry private list = new VerifierRegistry(address(this));

    function test_removal_moves_the_last_into_the_gap() public {
        list.addVerifier(address(1));
        list.addVerifier(address(2));
        list.addVerifier(address(3));
        list.removeVerifier(address(1));
        assertEq(list.verifiers(0), address(3));
        assertEq(list.verifiers(1), address(2));
        assertEq(list.verifierCount(), 2);
        assertFalse(list.isVerifier(address(1)));
        list.removeVerifier(address(3));
        list.removeVerifier(address(2));
        assertEq(list.verifierCount(), 0);
    }

    function test_each_wrong_call_has_its_error() public {
        list.addVerifier(address(1));
        vm.expectRevert(VerifierRegistry.AlreadyRegistered.selector);
        list.addVerifier(address(1));
        vm.expectRevert(VerifierRegistry.ZeroAddress.selector);
        list.addVerifier(address(0));
        vm.expectRevert(VerifierRegistry.NotRegistered.selector);
        list.removeVerifier(address(2));
        vm.prank(address(9));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(9)));
        list.addVerifier(address(2));
    }

    function test_an_index_out_of_range_reverts_with_nothing() public {
        (bool answered, bytes memory result) = address(list).staticcall(abi.encodeCall(list.verifiers, (0)));
        assertFalse(answered);
        assertEq(result.length, 0);
    }

    function test_a_zero_owner_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new VerifierRegistry(address(0));
    }
}
