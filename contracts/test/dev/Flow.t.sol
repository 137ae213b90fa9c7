// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {FixedPrice} from "../../src/dev/FixedPrice.sol";
import {Flow, Submission, SubmissionData, SubmissionNode} from "../../src/dev/Flow.sol";

contract FlowTest is Test {
    uint256 private constant PRICE = 30733644962;
    FixedPrice private market = new FixedPrice(PRICE);
    Flow private flow = new Flow(address(market));

    function setUp() public {
        vm.deal(address(this), 100 ether);
    }

    function _data(uint256 length, uint256[] memory heights)
        private
        pure
        returns (SubmissionData memory data)
    {
        data.length = length;
        data.nodes = new SubmissionNode[](heights.length);
        for (uint256 i = 0; i < heights.length; i++) {
            data.nodes[i] = SubmissionNode(keccak256(abi.encode(i)), heights[i]);
        }
    }

    function _single(uint256 length, uint256 height) private pure returns (SubmissionData memory) {
        uint256[] memory heights = new uint256[](1);
        heights[0] = height;
        return _data(length, heights);
    }

    function _send(SubmissionData memory data) private returns (uint256 start) {
        (,, start,) = flow.submit{value: 1 ether}(data);
    }

    function test_selectors_and_topic_are_those_of_the_network() public view {
        (bool first,) = address(flow).staticcall(abi.encodePacked(bytes4(0x80f55605)));
        (bool second, bytes memory price) = address(market).staticcall(abi.encodePacked(bytes4(0x61ec5082)));
        assertTrue(first && second);
        assertEq(abi.decode(price, (uint256)), PRICE);
        assertEq(bytes4(keccak256("submit((uint256,bytes,(bytes32,uint256)[]))")), bytes4(0xef3e12dc));
        assertEq(
            bytes4(keccak256("submit(((uint256,bytes,(bytes32,uint256)[]),address))")), bytes4(0xbc8c11f8)
        );
        assertEq(Flow.Submit.selector, 0x167ce04d2aa1981994d3a31695da0d785373335b1078cec239a1a3a2c7675555);
        assertEq(Flow.NotEnoughFee.selector, bytes4(0xf85c6482));
    }

    function test_generation_three_logs_the_submitter() public {
        SubmissionData memory data = _single(1, 0);
        vm.expectEmit(address(flow));
        emit Flow.Submit(address(7), keccak256(abi.encode(data.nodes[0].root)), 0, 1, 1, data);
        flow.submit{value: PRICE}(Submission(data, address(7)));
        vm.expectRevert(Flow.InvalidSubmission.selector);
        flow.submit{value: PRICE}(Submission(data, address(0)));
    }

    function test_a_million_bytes_are_4096_sectors_and_their_price() public {
        (,,, uint256 sectors) = flow.submit{value: 125885009764352}(_single(1_000_000, 12));
        assertEq(sectors, 4096);
        assertEq(address(market).balance, 125885009764352);
        assertEq(address(flow).balance, 0);
        vm.expectRevert(abi.encodeWithSelector(Flow.NotEnoughFee.selector, PRICE, 4096, 125885009764351));
        flow.submit{value: 125885009764351}(_single(1_000_000, 12));
    }

    function test_files_are_aligned_and_do_not_cross_a_segment() public {
        assertEq(_send(_single(1, 0)), 1);
        assertEq(_send(_single(512, 1)), 2);
        assertEq(_send(_single(1024, 2)), 4);
        assertEq(_send(_single(512 * 256, 9)), 512);
        assertEq(_send(_single(256, 0)), 1024);
        uint256[] memory heights = new uint256[](2);
        (heights[0], heights[1]) = (9, 8);
        assertEq(_send(_data(768 * 256, heights)), 2048);
        assertEq(_send(_data(768 * 256, heights)), 3072);
        assertEq(_send(_single(262144 * 4, 12)), 4096);
        assertEq(flow.numSubmissions(), 8);
    }

    function test_invalid_submissions_are_refused() public {
        _refused(_data(1, new uint256[](0)));
        _refused(_data(512, new uint256[](2)));
        _refused(_single(257, 0));
        _refused(_single(0, 0));
        _refused(_single(1, 64));
        _refused(_single(15 * 256, 4));
        uint256[] memory heights = new uint256[](2);
        (heights[0], heights[1]) = (5, 1);
        _refused(_data(34 * 256, heights));
        (heights[0], heights[1]) = (5, 4);
        _refused(_data(44 * 256, heights));
        _send(_data(44 * 256 + 1, heights));
    }

    function _refused(SubmissionData memory data) private {
        vm.expectRevert(Flow.InvalidSubmission.selector);
        flow.submit{value: 1 ether}(data);
    }
}
