"""A judge to start from: it asks, checks every answer itself, and says on descriptor 4 what came of it.

The task here is to sort lists of numbers, and the metric is the time of the windows (`"source": "window-time"`), so all
this judge ever writes is `ok`. A judge that counts something instead writes one plain decimal number in its place.

Nothing but Python's own library. Run it with `python3 -I`: no file of anybody else's is imported.
"""

import json
import os
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40
LENGTH = int(sys.argv[2]) if len(sys.argv) > 2 else 400

LONGEST_LINE = 1 << 20

requests = os.fdopen(3, "wb", buffering=0)
answers = os.fdopen(os.dup(3), "rb")


def give_up(reason):
    """No metric and a status that is not zero: the trial does not count, and nobody is slashed for it."""
    sys.stderr.write(reason + "\n")
    sys.exit(1)


def ask(question):
    """Sends one line and waits for the answer's. The candidate may send anything, or leave."""
    line = json.dumps(question, separators=(",", ":")).encode() + b"\n"
    try:
        while line:
            line = line[requests.write(line):]
        answer = answers.readline(LONGEST_LINE + 1)
    except OSError as error:
        give_up(f"the candidate left: {error}")
    if not answer.endswith(b"\n"):
        give_up("the candidate left before it answered")
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        give_up("the answer is not JSON")


def numbers(seed):
    """SplitMix64: the same numbers from the same seed, in every language and every version."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % 2**64
        yield (mixed ^ (mixed >> 31)) % 1_000_000


def main():
    seed = os.environ.get("ORV_SEED")
    if seed is None:
        give_up("ORV_SEED is not set")
    drawn = numbers(int(seed[:16], 16))
    for number in range(ROUNDS):
        question = [next(drawn) for _ in range(LENGTH)]
        answer = ask(question)
        # True equals 1 and 1.0 equals 1, and neither is what was asked for.
        if not isinstance(answer, list) or any(type(item) is not int for item in answer):
            give_up(f"answer {number} is not a list of whole numbers")
        if answer != sorted(question):
            give_up(f"answer {number} is not the list in order")
    with os.fdopen(4, "wb") as metric:
        metric.write(b"ok\n")


main()
