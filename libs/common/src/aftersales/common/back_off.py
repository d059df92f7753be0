"""How long to wait before the next try of something that failed."""


def back_off(failures: int, first: float, longest: float) -> float:
    """Seconds: twice as long after each failure, and never longer than `longest`.

    The exponent is bounded, because a float has no room for the thousandth power of two and an outage lasts.
    """
    return min(longest, first * 2.0 ** min(failures, 30))
