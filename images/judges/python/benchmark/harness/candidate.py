"""The candidate's side: one line in, one line out. Part of the harness, so no proposal changes it."""

import json
import os

from solve import solve

questions = os.fdopen(3, "rb")
answers = os.fdopen(os.dup(3), "wb")

for line in questions:
    answer = solve(json.loads(line))
    # One write, one line: whatever is sent beside it voids the trial.
    answers.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
    answers.flush()
