#!/usr/bin/env python3
"""Writes image_facts_test.inc: what other programs answer to questions that the tests of the image metrics ask.

    python3 image_facts.py > image_facts_test.inc    # needs scikit-image, torch, pytorch-msssim, scipy; the tests need the table only

Inputs are patterns of exact numbers which the tests make themselves (image_metrics_test.cc), so only answers are kept.
"""
from importlib.metadata import version

import numpy as np
import scipy.ndimage
import scipy.stats
import torch
from pytorch_msssim import ms_ssim
from pytorch_msssim.ssim import _ssim as scale_of_ms_ssim
from skimage.metrics import structural_similarity

facts = []
WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def fact(name, values):
    facts.append((name, [float(v) for v in np.asarray(values).reshape(-1)]))


def pattern(seed, *shape):
    """Element i is ((37 i + 101 seed + floor(i / 90) i) mod 251) / 256."""
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    return (((37 * i + 101 * seed + i // 90 * i) % 251) / 256).reshape(shape)


def pair(n, channels, rows, columns):
    """A picture with large structures, and the same with some of a pattern on it."""
    y, x = np.arange(rows)[:, None], np.arange(columns)[None, :]
    smooth = ((x * y) % 512) / 1024
    a = smooth + pattern(1, n, channels, rows, columns) / 4
    return a, 0.75 * a + pattern(2, n, channels, rows, columns) / 8


def similarity():
    a, b = pair(2, 1, 40, 33)
    fact("ssim grey", [structural_similarity(x[0], y[0], gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                             data_range=1.0) for x, y in zip(a, b)])
    a, b = pair(1, 3, 24, 24)
    fact("ssim colours", structural_similarity(a[0] * 255, b[0] * 255, gaussian_weights=True, sigma=1.5, channel_axis=0,
                                               use_sample_covariance=False, data_range=255.0))
    # Its ms_ssim wants five scales; of fewer, its values of each scale are put together as it does. Its own window is in float32.
    window = np.exp(-(np.arange(11) - 5)**2 / (2 * 1.5**2))
    window = torch.tensor(window / window.sum()).reshape(1, 1, 1, 11)
    for side, scales in ((22, 2), (44, 3), (88, 4)):
        a, b = (torch.tensor(x) for x in pair(2, 1, side, side))
        product = 1
        for scale, weight in enumerate(WEIGHTS[:scales]):
            similarity, structure = scale_of_ms_ssim(a, b, data_range=1, win=window, size_average=False)
            last = scale + 1 == scales
            product = product * torch.relu(similarity if last else structure)**(weight / sum(WEIGHTS[:scales]))
            a, b = torch.nn.functional.avg_pool2d(a, 2), torch.nn.functional.avg_pool2d(b, 2)
        fact(f"ms_ssim {side}", product)
    a, b = pair(1, 3, 176, 192)
    fact("ms_ssim 176", ms_ssim(torch.tensor(a), torch.tensor(b), data_range=1, win=window.repeat(3, 1, 1, 1), size_average=False))


def distances():
    a, b = pattern(3, 40, 1), pattern(4, 40, 1) + 0.25
    fact("wasserstein equal sizes", scipy.stats.wasserstein_distance(a[:, 0], b[:, 0]))
    fact("wasserstein other sizes", scipy.stats.wasserstein_distance(a[:, 0], b[:27, 0]))
    taps = np.array([1, 4, 6, 4, 1]) / 16
    taps = np.outer(taps, taps)[None, None]
    x = pattern(5, 2, 2, 8, 12)
    down = scipy.ndimage.convolve(x, taps, mode="mirror")[:, :, ::2, ::2]
    wide = np.zeros(x.shape)
    wide[:, :, ::2, ::2] = down
    fact("pyramid_down", down)
    fact("pyramid detail", x - scipy.ndimage.convolve(wide, 4 * taps, mode="mirror"))


similarity()
distances()
names = ("scikit-image", "pytorch-msssim", "scipy")
print("// Written by image_facts.py with " + ", ".join(f"{name} {version(name)}" for name in names) + ".")
for name, values in facts:
    print('{"%s", {%s}},' % (name, ", ".join(repr(v) for v in values)))
