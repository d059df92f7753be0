"""The wait before the next attempt after a failure."""


def back_off(failures: int, first: float, longest: float) -> float:
    """Return the wait in seconds, doubled after each failure, at most `longest`.

    The exponent is bounded, because a float cannot hold the thousandth power of two and an outage may be long.
    """
    return min(longest, first * 2.0 ** min(failures, 30))
