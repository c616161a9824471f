#!/usr/bin/env python3
"""Writes torch_facts_test.inc: what PyTorch (float64, CPU) makes of one unit of a small network, led back to the pixels in three ways.

    python3 torch_facts.py > torch_facts_test.inc      # needs torch; the tests need the table only

The deconvolution is put together of max_unpool2d with the indices of max_pool2d, relu and conv_transpose2d; guided backpropagation is autograd with
a hook at each ReLU that lets only positive gradients pass.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def pattern(seed, *shape, scale=1.0):
    """Element i is ((37 i + 101 seed) mod 127 - 63) / 64 scale."""
    i = torch.arange(torch.Size(shape).numel())
    return (((37 * i + 101 * seed) % 127 - 63) / 64 * scale).reshape(shape)


x = pattern(1, 1, 2, 12, 12).requires_grad_()
w1, b1 = pattern(2, 3, 2, 3, 3), pattern(3, 3, scale=0.25)
w2, b2 = pattern(4, 4, 3, 3, 3), pattern(5, 4, scale=0.25)


class Positive(torch.autograd.Function):
    """ReLU whose gradient lets only what is positive pass."""

    @staticmethod
    def forward(ctx, y):
        ctx.save_for_backward(y)
        return y.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient.clamp(min=0) * (y > 0)


def forward(relu):
    a1 = F.conv2d(x, w1, b1, padding=1)
    p1, s1 = F.max_pool2d(relu(a1), 2, return_indices=True)
    a2 = F.conv2d(p1, w2, b2, padding=1, stride=2)
    p2, s2 = F.max_pool2d(relu(a2), 2, stride=1, return_indices=True)
    return p2, s1, s2, p1.shape, a1.shape, a2.shape


top, s1, s2, p1_shape, a1_shape, a2_shape = forward(F.relu)
signal = torch.zeros_like(top)
map_, row, column = 2, 1, 0
signal[0, map_, row, column] = top[0, map_, row, column].detach()
assert signal.sum() > 0

unpooled = torch.zeros(a2_shape).reshape(1, 4, -1).scatter_add(2, s2.reshape(1, 4, -1), signal.reshape(1, 4, -1)).reshape(a2_shape)
back = F.conv_transpose2d(F.relu(unpooled), w2, padding=1, stride=2, output_padding=1)
assert back.shape == p1_shape
deconvolution = F.conv_transpose2d(F.relu(F.max_unpool2d(back, s1, 2, output_size=a1_shape[2:])), w1, padding=1)
gradient = torch.autograd.grad(top, x, signal)[0]
guided = torch.autograd.grad(forward(Positive.apply)[0], x, signal)[0]

print(f"// Written by torch_facts.py with PyTorch {torch.__version__}.")
for name, tensor in (("activations", top), ("deconvolution", deconvolution), ("guided", guided), ("gradient", gradient)):
    print('{"%s", {%s}},' % (name, ", ".join(repr(float(v)) for v in tensor.detach().reshape(-1))))
