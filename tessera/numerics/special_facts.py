#!/usr/bin/env python3
"""Writes special_facts_test.inc: mpmath's answers (50 digits, rounded to the nearest double) for special_functions.h.

    python3 special_facts.py > special_facts_test.inc      # a minute; needs mpmath; the tests need the table only

Each line: function, its arguments (unused ones 0), its value.
"""

import mpmath
from mpmath import mp, mpf

mp.dps = 50
SMALLEST = mpf(10) ** -300  # values below are left out: subnormals and zeros


def show(function, value, *arguments):
    if value == 0 or abs(value) >= SMALLEST:
        a, b, c = (*arguments, 0.0, 0.0, 0.0)[:3]
        print(f'{{"{function}", {a!r}, {b!r}, {c!r}, {float(value)!r}}},')


def one_argument():
    for i in range(-24, 106):
        x = i / 4 + 0.03125
        show("erfc", mpmath.erfc(mpf(x)), x)
    for x in [1e-300, 1e-20, 1e-5, 0.001, 0.25, 0.4999, 0.5, 0.75, 0.999, 1 + 2**-20, 1.25, 1.4616, 1.49, 1.5, 1.7, 1.9999, 2 + 2**-30, 2.3,
              2.5, 2.51, 3.3, 4.5, 6.1, 7.9, 8.0, 9.7, 11.5, 12.99, 13.0, 25.5, 100.25, 1234.5, 1e6, 1e10, 1e100, 1e300]:
        show("log_gamma", mpmath.loggamma(mpf(x)), x)
        if 1e-5 <= x <= 1e10:
            show("digamma", mpmath.digamma(mpf(x)), x)
            stirling = mpmath.loggamma(mpf(x) + 1) - (mpf(x) + 0.5) * mpmath.log(mpf(x)) + mpf(x) - mpmath.log(2 * mpmath.pi) / 2
            show("stirling_error", stirling, x)
    for p in [1e-300, 1e-100, 1e-20, 1e-11, 1e-10, 1e-5, 0.001, 0.02, 0.074, 0.075, 0.0751, 0.2, 0.4, 0.499, 0.5001, 0.7, 0.9, 0.925, 0.93, 0.999,
              0.9999999]:
        if p < 1e-10:  # the root of log(Phi(x)), where the search does not overshoot
            root = mpmath.findroot(lambda x: mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2) - mpmath.log(mpf(p)), -mpmath.sqrt(-2 * mpmath.log(p)))
        else:
            root = mpmath.sqrt(2) * mpmath.erfinv(2 * mpf(p) - 1)
        show("normal_quantile", root, p)


def log_beta(a, b):
    return mpmath.loggamma(mpf(a)) + mpmath.loggamma(mpf(b)) - mpmath.loggamma(mpf(a) + mpf(b))


def gamma_shares(a, x):
    """Both shares by the series of the lower one, with so many digits that the difference keeps enough of them."""
    with mpmath.workdps(370):
        a, x = mpf(a), mpf(x)
        term, total, n = mpf(1), mpf(1), 0
        while term > total * mpf(10) ** -365:
            n += 1
            term *= x / (a + n)
            total += term
        below = mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a + 1)) * total
        return below, 1 - below


def two_arguments():
    shapes = [0.001, 0.3, 0.5, 1.0, 1.7, 5.0, 7.9, 30.5, 400.0, 12345.0, 1e6]
    for a in shapes:
        for b in shapes:
            show("log_beta", log_beta(a, b), a, b)
    for a in shapes:
        deviation = a**0.5
        for x in sorted({0.01 * a, 0.125, 0.3 * a, 0.9 * a, a, a + 1, a + 1.5, 1.3 * a, max(a - 3 * deviation, 0.02), a + deviation, a + 4 * deviation,
                         a + 12 * deviation, 3 * a + 5, 40.0}):
            below, above = gamma_shares(a, x)
            show("gamma_p", below, a, x)
            show("gamma_q", above, a, x)
    for x, m in [(0.0, 3.0), (1.0, 1.0625), (5.0, 4.0), (5.0, 40.0), (1000.0, 1001.0), (1e6, 1e6 + 0.5), (30.0, 29.0), (3.5, 1e-3)]:
        exact = (mpf(x) * mpmath.log(mpf(x) / mpf(m)) if x else 0) + mpf(m) - mpf(x)
        show("deviance_part", exact, x, m)


def beta_shares(a, b, x):
    """Both shares by Gauss's series of the smaller side, with 120 digits."""
    with mpmath.workdps(120):
        a, b, x = mpf(a), mpf(b), mpf(x)
        factor = x**a * (1 - x) ** b
        if x <= a / (a + b):
            below = factor / a * mpmath.hyp2f1(a + b, 1, a + 1, x) / mpmath.exp(log_beta(a, b))
            return below, 1 - below
        above = factor / b * mpmath.hyp2f1(a + b, 1, b + 1, 1 - x) / mpmath.exp(log_beta(a, b))
        return 1 - above, above


def three_arguments():
    shapes = [0.3, 0.5, 1.0, 2.5, 12.0, 150.5, 4000.0]
    for a in shapes:
        for b in shapes:
            middle = a / (a + b)
            spread = (middle * (1 - middle) / (a + b + 1)) ** 0.5
            places = {0.001, 0.25, 0.5, 0.96875, middle, middle + spread, middle - 2 * spread, middle + 3 * spread, middle + 8 * spread}
            for x in sorted(place for place in places if 0 < place < 1):
                below, above = beta_shares(a, b, x)
                show("beta_p", below, a, b, x)
                show("beta_q", above, a, b, x)


def main():
    print(f"// Made by special_facts.py with mpmath {mpmath.__version__}.")
    one_argument()
    two_arguments()
    three_arguments()


main()
