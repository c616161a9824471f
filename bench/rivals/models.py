"""bench/cases/models*.cc in PyTorch: published models, trained for a step and asked for predictions; and whether both sides compute the same."""

import re

import torch

import models_clouds
import models_generative
import models_images
import models_sequences
import models_text
import safetensors_file

ROWS = models_images.ROWS | models_generative.ROWS | models_clouds.ROWS | models_text.ROWS | models_sequences.ROWS


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
    """Parameters, then buffers, network by network: the order of the other side."""
    for network in model.networks:
        yield from network.parameters()
        yield from network.buffers()


def largest_difference(found, expected):
    """Relative to the largest expected number; a model may begin with zeros."""
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-30))


def prediction_difference(model, expected):
    model.evaluate()
    with torch.inference_mode():
        return largest_difference(model.predict().flatten(), expected.flatten())


def check(name, path):
    """The largest relative differences from the file: of predictions, of a training step's loss, of the losses of further ones, of the
    predictions after them."""
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
    before = prediction_difference(model, tensors["prediction.000"])
    model.train()
    expected = [tensors[key] for key in sorted(tensors) if key.startswith("loss")]
    losses = [largest_difference(model.step().detach(), value.reshape(())) for value in expected]
    return before, losses[0], max(losses[1:]), prediction_difference(model, tensors["prediction.001"])


NAMES = "|".join(map(re.escape, ROWS))
MAKERS = [(rf"({NAMES}) training batch (\d+)", make_training), (rf"({NAMES}) inference batch (\d+)", make_inference)]
