"""What proposals improve: a list of whole numbers, in order."""


def solve(numbers):
    ordered = []
    for number in numbers:
        place = len(ordered)
        while place > 0 and ordered[place - 1] > number:
            place -= 1
        ordered.insert(place, number)
    return ordered
