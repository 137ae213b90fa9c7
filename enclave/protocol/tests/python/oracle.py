"""Answers for tests/python_patterns.rs: what Python's own `re` makes of patterns, one JSON document a line."""

import fnmatch
import json
import re
import sys
import unicodedata


def searched(pattern, texts):
    """For each text: the number of matches, and the value that upstream's harness would take from the first."""
    compiled = re.compile(pattern, re.MULTILINE)
    answers = []
    for text in texts:
        matches = list(compiled.finditer(text))
        value = None
        if matches:
            value = matches[0].group(1 if compiled.groups else 0)
        answers.append([len(matches), value])
    return answers


def members(pattern, around):
    """Every assigned character that is found, put between two texts, as ranges."""
    compiled = re.compile(pattern, re.MULTILINE)
    before, after = around
    ranges = []
    for number in range(sys.maxunicode + 1):
        letter = chr(number)
        if unicodedata.category(letter) in ("Cn", "Cs", "Co"):
            continue
        if compiled.search(before + letter + after):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
    return ranges


def permitted(pattern, paths):
    """Whether upstream's gates match a path: the full path or its last component."""
    return [
        any(fnmatch.fnmatchcase(text, pattern) for text in (path, path.rsplit("/", 1)[-1]))
        for path in paths
    ]


def assigned():
    return [n for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) not in ("Cn", "Cs", "Co")]


for line in sys.stdin:
    question = json.loads(line)
    try:
        if question["ask"] == "search":
            answer = {"found": searched(question["pattern"], question["texts"])}
        elif question["ask"] == "glob":
            answer = {"permitted": permitted(question["pattern"], question["paths"])}
        elif question["ask"] == "assigned":
            answer = {"assigned": assigned()}
        else:
            answer = {"members": members(question["pattern"], question["around"])}
    except (re.error, OverflowError, RecursionError) as error:
        answer = {"refused": str(error)}
    print(json.dumps(answer))
