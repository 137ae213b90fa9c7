"""Whether Nitro documents are authentic, by Python's cbor2 and cryptography: a second opinion with nothing of ours in it.

Reads one JSON object a line from standard input, {"root": hex DER, "document": hex, "at": seconds}, and answers each
with one line, true or false. What a document says is not looked at, only who signed it and when.
"""

import datetime
import io
import json
import sys

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


def one_item(data):
    stream = io.BytesIO(data)
    item = cbor2.load(stream)
    if stream.read(1):
        raise ValueError("trailing bytes")
    return item


def authentic(root, document, at):
    message = one_item(document)
    if isinstance(message, cbor2.CBORTag):
        message = message.value
    protected, _, payload, signature = message
    if one_item(protected) != {1: -35}:
        return False
    claims = one_item(payload)
    bundle = [bytes(der) for der in claims["cabundle"]]
    if bundle[0] != root:
        return False
    chain = [x509.load_der_x509_certificate(der) for der in bundle + [bytes(claims["certificate"])]]
    now = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    for certificate in chain:
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return False
    for issuer, subject in zip(chain, chain[1:]):
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        subject.verify_directly_issued_by(issuer)
    half = len(signature) // 2
    if half != 48:
        return False
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    chain[-1].public_key().verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA384()))
    return True


for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = authentic(bytes.fromhex(question["root"]), bytes.fromhex(question["document"]), question["at"])
    except (InvalidSignature, ValueError, KeyError, TypeError, IndexError, cbor2.CBORDecodeError,
            x509.ExtensionNotFound, AttributeError, OverflowError):
        answer = False
    print(json.dumps(answer))
