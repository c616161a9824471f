#!/usr/bin/env python3
"""Writes fold_facts_test.inc: which samples scikit-learn holds out, fold by fold, for folds without shuffling.

Usage: fold_facts.py > fold_facts_test.inc   (needs scikit-learn and NumPy; the tests need only what it wrote)

A line is one case: method, folds, gap, test size, most train, labels, groups, then for each fold the held-out samples and how many are
trained on. Labels and groups are small integers that no other program has to be able to draw again.
"""

import random
import sys

import numpy
import sklearn
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit


def listed(values):
    return "{" + ", ".join(str(int(value)) for value in values) + "}"


def show(method, splits, labels=(), groups=(), gap=0, size=0, most=0):
    folds = ", ".join(f"{{{len(train)}, {listed(test)}}}" for train, test in splits)
    print(f'{{"{method}", {len(splits)}, {gap}, {size}, {most}, {listed(labels)}, {listed(groups)}, {{{folds}}}}},')


def main():
    print(f"// Made by fold_facts.py with scikit-learn {sklearn.__version__}, NumPy {numpy.__version__}. clang-format off")
    draw = random.Random(7)
    for samples, folds in ((10, 3), (7, 7), (23, 5)):
        show("k_fold", list(KFold(folds).split(numpy.zeros(samples))), labels=[0] * samples)
    for samples, folds, classes in ((12, 3, 2), (29, 4, 3), (40, 5, 4)):
        labels = [draw.randrange(classes) for _ in range(samples)]
        show("stratified_k_fold", list(StratifiedKFold(folds).split(numpy.zeros(samples), labels)), labels=labels)
    for folds, sizes in ((2, (5, 3, 1)), (3, (9, 7, 6, 4, 2, 1)), (4, (11, 8, 7, 5, 4, 3, 2, 1))):
        # Groups of different sizes: among equal ones scikit-learn's order is its sorting routine's.
        groups = [group for group, size in enumerate(sizes) for _ in range(size)]
        draw.shuffle(groups)
        show("group_k_fold", list(GroupKFold(folds).split(numpy.zeros(len(groups)), groups=groups)), groups=groups)
    for folds, kinds, samples in ((2, 6, 20), (3, 9, 40), (4, 16, 80)):
        groups = sorted(draw.randrange(kinds) for _ in range(samples))
        labels = [draw.randrange(3) for _ in groups]
        show("stratified_group_k_fold", list(StratifiedGroupKFold(folds).split(numpy.zeros(samples), labels, groups)),
             labels=labels, groups=groups)
    unsorted = random.Random(8)
    for folds, kinds, samples in ((3, 4, 43), (5, 8, 40), (6, 20, 90)):
        groups = [unsorted.randrange(kinds) for _ in range(samples)]
        labels = [unsorted.randrange(3) for _ in groups]
        show("stratified_group_k_fold", list(StratifiedGroupKFold(folds).split(numpy.zeros(samples), labels, groups)),
             labels=labels, groups=groups)
    for samples, folds, gap, size, most in ((12, 3, 0, 0, 0), (20, 4, 2, 3, 0), (20, 4, 1, 0, 5), (9, 2, 0, 1, 3)):
        splits = TimeSeriesSplit(folds, gap=gap, test_size=size or None, max_train_size=most or None)
        show("time_series", list(splits.split(numpy.zeros(samples))), labels=[0] * samples, gap=gap, size=size, most=most)
    return 0


if __name__ == "__main__":
    sys.exit(main())
