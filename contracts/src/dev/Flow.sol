// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPrice} from "./FixedPrice.sol";

/// @notice Root of a run of 2^height sectors.
struct SubmissionNode {
    bytes32 root;
    uint256 height;
}

/// @notice A file as its complete subtrees; this is also generation 1's argument.
struct SubmissionData {
    uint256 length;
    bytes tags;
    SubmissionNode[] nodes;
}

/// @notice Generation 3's argument.
struct Submission {
    SubmissionData data;
    address submitter;
}

/// @title A stand-in for the 0G Flow contract on a development chain.
/// @notice Same selectors, event, placement, validity and fee rules as generations 1 and 3; it keeps no
/// Merkle tree and does no mining.
contract Flow {
    uint256 private constant SECTOR_BYTES = 256;
    uint256 private constant SEGMENT_SECTORS = 1024;
    uint256 private constant HEIGHT_LIMIT = 64;
    uint256 private constant WIDEST_SPREAD = 3;

    /// @notice Where the price is asked and the fees go.
    address public immutable market;
    /// @notice Submissions so far; the next one's sequence number.
    uint256 public numSubmissions;
    /// @notice Sectors in use; sector 0 is reserved.
    uint256 public currentLength = 1;

    event Submit(
        address indexed sender,
        bytes32 indexed identity,
        uint256 submissionIndex,
        uint256 startPos,
        uint256 length,
        SubmissionData submission
    );

    error InvalidSubmission();
    error NotEnoughFee(uint256 price, uint256 sectors, uint256 paid);
    error FeeNotAccepted();

    constructor(address market_) {
        market = market_;
    }

    /// @notice Generation 1.
    function submit(SubmissionData calldata data)
        external
        payable
        returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length)
    {
        uint256 sectors = _charge(data);
        return _place(data, msg.sender, sectors);
    }

    /// @notice Generation 3.
    function submit(Submission calldata submission)
        external
        payable
        returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length)
    {
        if (submission.submitter == address(0)) revert InvalidSubmission();
        uint256 sectors = _charge(submission.data);
        return _place(submission.data, submission.submitter, sectors);
    }

    /// @dev Demands the whole balance to cover the fee, as the original does, and forwards exactly the fee.
    function _charge(SubmissionData calldata data) private returns (uint256 sectors) {
        sectors = _capacity(data);
        uint256 price = FixedPrice(payable(market)).pricePerSector();
        uint256 paid = address(this).balance;
        if (paid < price * sectors) revert NotEnoughFee(price, sectors, paid);
        (bool accepted,) = market.call{value: price * sectors}("");
        if (!accepted) revert FeeNotAccepted();
    }

    function _place(SubmissionData calldata data, address sender, uint256 sectors)
        private
        returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length)
    {
        uint256 alignment = 1 << data.nodes[0].height;
        startIndex = (currentLength + alignment - 1) / alignment * alignment;
        uint256 within = startIndex % SEGMENT_SECTORS;
        if (within != 0 && within + sectors > SEGMENT_SECTORS) startIndex += SEGMENT_SECTORS - within;
        currentLength = startIndex + sectors;
        index = numSubmissions++;
        length = sectors;
        bytes memory roots;
        for (uint256 i = 0; i < data.nodes.length; i++) {
            roots = bytes.concat(roots, data.nodes[i].root);
        }
        digest = keccak256(roots);
        emit Submit(sender, digest, index, startIndex, length, data);
    }

    /// @dev Sectors of a valid submission: heights descend within a spread of three, and the length does not
    /// fit one padding unit lower.
    function _capacity(SubmissionData calldata data) private pure returns (uint256 sectors) {
        uint256 count = data.nodes.length;
        if (count == 0) revert InvalidSubmission();
        uint256 first = data.nodes[0].height;
        if (first >= HEIGHT_LIMIT || count > WIDEST_SPREAD + 1) revert InvalidSubmission();
        for (uint256 i = 0; i < count; i++) {
            uint256 height = data.nodes[i].height;
            bool descends = i == 0 || height < data.nodes[i - 1].height;
            if (!descends || first - height > WIDEST_SPREAD) revert InvalidSubmission();
            sectors += 1 << height;
        }
        uint256 unit = sectors < 16 ? 1 : count == 1 ? sectors / 16 : 1 << (first - WIDEST_SPREAD);
        bool fits = data.length <= sectors * SECTOR_BYTES && data.length > (sectors - unit) * SECTOR_BYTES;
        if (!fits) revert InvalidSubmission();
    }
}
