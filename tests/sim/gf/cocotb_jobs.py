"""Jobs of test_multiply.py, which the simulator imports by name."""


def powers(multiply, *, count):
    """3^1, 3^2, ... one after the other."""
    value, found = 1, []
    for _ in range(count):
        value = multiply(value, 3)
        found.append(value)
    return found


def fails(multiply):
    raise KeyError(multiply(2, 2))
