"""bench/cases/models*.cc in PyTorch: published models, trained for a step and asked for predictions; and whether both sides compute the same."""

import re

import torch

import models_clouds
import models_images
import models_sequences
import models_text
import safetensors_file

ROWS = models_images.ROWS | models_clouds.ROWS | models_text.ROWS | models_sequences.ROWS


def make_training(name, batch):
    return ROWS[name](batch, True).step


def make_inference(name, batch):
    model = ROWS[name](batch, True)
    model.evaluate()

    @torch.inference_mode()
    def predict():
        model.predict()

    return predict


def state_of(model):
    """Parameters, then buffers, network by network; without the counts of batches, which the other side has no use for."""
    for network in model.networks:
        yield from network.parameters()
        yield from (buffer for buffer in network.buffers() if buffer.is_floating_point())


def largest_difference(found, expected):
    """Relative to the largest expected number."""
    return float((found - expected).abs().max() / expected.abs().max())


def check(name, path):
    """The largest relative differences of the losses of some training steps, and of the predictions after them, from those in the file."""
    tensors = safetensors_file.read(path)
    model = ROWS[name](32, False)
    model.inputs = [tensors[key] for key in sorted(tensors) if key.startswith("input")]
    values, state = [tensors[key] for key in sorted(tensors) if key.startswith("state")], list(state_of(model))
    if [value.numel() for value in values] != [tensor.numel() for tensor in state]:
        raise SystemExit(f"{name}: the other side's state has elements {[value.numel() for value in values]}, "
                         f"this one's {[tensor.numel() for tensor in state]}")
    with torch.no_grad():
        for tensor, value in zip(state, values):
            tensor.copy_(value.reshape(tensor.shape))
    expected = [tensors[key] for key in sorted(tensors) if key.startswith("loss")]
    losses = [largest_difference(model.step().detach(), value.reshape(())) for value in expected]
    model.evaluate()
    with torch.inference_mode():
        return max(losses), largest_difference(model.predict().flatten(), tensors["prediction.000"].flatten())


NAMES = "|".join(map(re.escape, ROWS))
MAKERS = [(rf"({NAMES}) training batch (\d+)", make_training), (rf"({NAMES}) inference batch (\d+)", make_inference)]
