#!/usr/bin/env python3
"""Writes torch_facts_test.inc: what PyTorch (float64, CPU) answers to questions that the tests of nn ask.

    python3 torch_facts.py > torch_facts_test.inc      # needs torch; the tests need the table only

Inputs are patterns of exact numbers which the tests make themselves (torch_facts_test.h), so only answers are kept.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
facts = []


def fact(name, *tensors):
    facts.append((name, [float(v) for t in tensors for v in torch.as_tensor(t).detach().reshape(-1)]))


def pattern(seed, *shape, scale=1.0):
    """Element i is ((37 i + 101 seed) mod 127 - 63) / 64 scale."""
    n = 1
    for length in shape:
        n *= length
    i = torch.arange(n)
    return (((37 * i + 101 * seed) % 127 - 63) / 64 * scale).reshape(shape)


def recurrent():
    lengths = [3, 5, 1, 2]
    for name, make in [("rnn_tanh", lambda: torch.nn.RNN(3, 2, 2, batch_first=True, bidirectional=True)),
                       ("rnn_relu", lambda: torch.nn.RNN(3, 2, 2, nonlinearity="relu", batch_first=True,
                                                         bidirectional=True)),
                       ("gru", lambda: torch.nn.GRU(3, 2, 2, batch_first=True, bidirectional=True)),
                       ("lstm", lambda: torch.nn.LSTM(3, 2, 2, batch_first=True, bidirectional=True))]:
        layer = make()
        for seed, parameter in enumerate(layer.parameters()):
            parameter.data = pattern(seed, *parameter.shape)
        x = pattern(50, 4, 5, 3, scale=2).requires_grad_()
        h0 = pattern(51, 4, 4, 2).requires_grad_()
        c0 = pattern(52, 4, 4, 2).requires_grad_()
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, last = layer(packed, (h0, c0) if name == "lstm" else h0)
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        h, c = last if name == "lstm" else (last, None)
        loss = (y * pattern(53, 4, 5, 4)).sum() + (h * pattern(54, 4, 4, 2)).sum()
        if c is not None:
            loss = loss + (c * pattern(55, 4, 4, 2)).sum()
        loss.backward()
        fact(name + " outputs", y, h, *([c] if c is not None else []))
        fact(name + " gradients", x.grad, h0.grad, *([c0.grad] if c is not None else []),
             *[p.grad for p in layer.parameters()])


def losses():
    def value_and_slope(name, f, x):
        x = x.clone().requires_grad_()
        y = f(x)
        y.backward()
        fact(name, y, x.grad)

    logits, labels = pattern(1, 6, 4, scale=4), torch.tensor([0, 3, -1, 2, 2, -1])
    weights = torch.tensor([0.5, 2.0, 1.0, 0.25])
    value_and_slope("cross_entropy ignored", lambda x: F.cross_entropy(x, labels, ignore_index=-1), logits)
    value_and_slope("cross_entropy all", lambda x: F.cross_entropy(x, labels, weights, ignore_index=-1,
                                                                   label_smoothing=0.25), logits)
    value_and_slope("cross_entropy smooth",
                    lambda x: F.cross_entropy(x, labels, ignore_index=-1, label_smoothing=0.5), logits)
    sure = torch.tensor([0, 3, 1, 2, 2, 1])
    value_and_slope("nll", lambda x: F.nll_loss(x, sure), logits)
    value_and_slope("multi_class_hinge", lambda x: 4 * F.multi_margin_loss(x, sure, margin=0.75), logits)
    targets = (pattern(2, 6, 4) > 0).double() * 0.75
    value_and_slope("binary_cross_entropy", lambda x: F.binary_cross_entropy_with_logits(x, targets), 8 * logits)
    value_and_slope("binary_cross_entropy weighted",
                    lambda x: F.binary_cross_entropy_with_logits(x, targets, 3 * weights, pos_weight=weights), logits)
    value_and_slope("binary_cross_entropy zero",
                    lambda x: F.binary_cross_entropy_with_logits(x, targets), 0 * logits)
    signs = (pattern(2, 6, 4) > 0).double() * 2 - 1
    value_and_slope("hinge", lambda x: torch.clamp(1 - signs * x, min=0).mean(), logits)
    value_and_slope("l1", lambda x: F.l1_loss(x, targets), logits)
    value_and_slope("huber", lambda x: F.huber_loss(x, targets, delta=0.7), logits)
    distribution = torch.clamp(pattern(3, 6, 4), min=0)
    value_and_slope("kl_divergence", lambda x: F.kl_div(F.log_softmax(x, 1), distribution, reduction="batchmean"), logits)
    real, fake = pattern(4, 6, 1, scale=3), pattern(5, 6, 1, scale=3)
    kinds = {"non_saturating": (lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(), lambda f: F.softplus(-f).mean()),
             "hinge": (lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda f: -f.mean()),
             "wasserstein": (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
             "least_squares": (lambda r, f: 0.5 * (F.mse_loss(r, torch.ones_like(r)) + (f * f).mean()),
                               lambda f: 0.5 * F.mse_loss(f, torch.ones_like(f)))}
    for kind, (discriminator, generator) in kinds.items():
        value_and_slope("discriminator " + kind, lambda f: discriminator(real, f), fake)
        value_and_slope("generator " + kind, generator, fake)
    for target in (1, 0):
        x = pattern(6, 5, 3).requires_grad_()
        w, v = pattern(7, 4, 3).requires_grad_(), pattern(8, 1, 4).requires_grad_()
        scores = torch.tanh(x @ w.T) @ v.T
        slope, = torch.autograd.grad(scores.sum(), x, create_graph=True)
        penalty = ((slope.norm(dim=1) - target)**2).mean()
        penalty.backward()
        fact(f"gradient_penalty {target}", penalty, w.grad, v.grad)


def optimizers():
    a, b = pattern(9, 5, 5), pattern(10, 5)
    for name, make in {
            "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9),
            "rmsprop all": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.1),
            "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.2, weight_decay=0.1, initial_accumulator_value=0.5),
            "adadelta": lambda p: torch.optim.Adadelta(p, lr=0.5, rho=0.8, weight_decay=0.1),
            "amsgrad": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True, weight_decay=0.1),
            "adamw amsgrad": lambda p: torch.optim.AdamW(p, lr=0.1, amsgrad=True),
            "adamw": lambda p: torch.optim.AdamW(p, lr=0.1)}.items():
        p = pattern(11, 5).requires_grad_()
        optimizer = make([p])
        trace = []
        for _ in range(8):
            p.grad = torch.sin(a @ p.detach() * 2 - b)
            optimizer.step()
            trace.append(p.detach().clone())
        fact("optimizer " + name, *trace)
    one, two = torch.zeros(3, 2), torch.zeros(4)
    one.grad, two.grad = pattern(12, 3, 2), pattern(13, 4)
    norm = torch.nn.utils.clip_grad_norm_([one, two], 1.5)
    fact("clip_grad_norm", norm, one.grad, two.grad)


def schedules():
    def rates(name, lr, make, steps):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
        schedule = make(optimizer)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        fact("schedule " + name, torch.tensor(found))

    s = torch.optim.lr_scheduler
    rates("one_cycle", 0.1, lambda o: s.OneCycleLR(o, 0.5, total_steps=20), 20)
    rates("one_cycle set", 0.1, lambda o: s.OneCycleLR(o, 0.5, total_steps=17, pct_start=0.4, div_factor=4,
                                                       final_div_factor=100), 17)
    rates("restarts", 0.1, lambda o: s.CosineAnnealingWarmRestarts(o, 5, 1, eta_min=0.01), 14)
    rates("restarts growing", 0.1, lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2), 22)
    rates("exponential", 0.1, lambda o: s.ExponentialLR(o, 0.9), 10)
    metrics = [5, 4, 4.2, 4, 4.1, 3.9999, 3.9, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3]
    for name, settings in {"lower": dict(factor=0.5, patience=1, cooldown=1, threshold=1e-3),
                           "higher": dict(mode="max", factor=0.25, patience=2, threshold=0.5, threshold_mode="abs",
                                          min_lr=0.002)}.items():
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        schedule = s.ReduceLROnPlateau(optimizer, **settings)
        found = []
        for metric in metrics:
            schedule.step(metric)
            found.append(optimizer.param_groups[0]["lr"])
        fact("plateau " + name, torch.tensor(found))


def transformers():
    """Blocks with patterns as parameters: outputs, and gradients of a weighted sum with respect to the input and every parameter."""
    for name, settings in {"post": {}, "pre gelu": dict(norm_first=True, activation="gelu")}.items():
        layer = torch.nn.TransformerEncoderLayer(4, 2, dim_feedforward=6, dropout=0.0, batch_first=True, **settings)
        for seed, (_, parameter) in enumerate(sorted(layer.named_parameters())):
            parameter.data = pattern(seed, *parameter.shape)
        x = pattern(60, 3, 5, 4, scale=2).requires_grad_()
        padding = torch.arange(5)[None] >= torch.tensor([5, 2, 4])[:, None]
        for kind, mask in (("full", None), ("padded", padding)):
            layer.zero_grad()
            x.grad = None
            y = layer(x, src_key_padding_mask=mask)
            seen = torch.ones(3, 5, 1) if mask is None else (~mask)[..., None].to(y.dtype)
            y = y * seen
            (y * pattern(61, 3, 5, 4)).sum().backward()
            fact(f"transformer {name} {kind}", y, x.grad, *[p.grad for _, p in sorted(layer.named_parameters())])


for part in (recurrent, losses, optimizers, schedules, transformers):
    part()
print(f"// Written by torch_facts.py with PyTorch {torch.__version__}.")
for name, values in facts:
    print(f'{{"{name}", {{{", ".join(repr(v) for v in values)}}}}},')
