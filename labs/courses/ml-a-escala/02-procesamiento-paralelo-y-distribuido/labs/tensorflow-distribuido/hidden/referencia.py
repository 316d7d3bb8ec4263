"""The lab's network in NumPy, on the grader's side: 64 → 32 → ReLU → 10, trained by SGD in one process."""

import numpy as np

Arrays = dict[str, np.ndarray]
Batch = tuple[np.ndarray, np.ndarray]
SHAPES = {"w1": (64, 32), "b1": (32,), "w2": (32, 10), "b2": (10,)}


def weights(random: np.random.Generator) -> Arrays:
    return {name: random.normal(0, 0.2, shape).astype(np.float32) for name, shape in SHAPES.items()}


def outputs(net: Arrays, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hidden = np.maximum(images.astype(np.float64) @ net["w1"] + net["b1"], 0)
    return hidden, hidden @ net["w2"] + net["b2"]


def loss_and_gradients(net: Arrays, batch: Batch) -> tuple[float, Arrays]:
    images, digits = batch
    hidden, scores = outputs(net, images)
    scores = scores - scores.max(axis=1, keepdims=True)
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    rows = np.arange(len(digits))
    loss = float(-np.log(chances[rows, digits]).mean())
    chances[rows, digits] -= 1
    error = chances / len(digits)
    back = (error @ net["w2"].T) * (hidden > 0)
    return loss, {
        "w1": images.T @ back,
        "b1": back.sum(axis=0),
        "w2": hidden.T @ error,
        "b2": error.sum(axis=0),
    }


def trained(net: Arrays, batches: list[Batch], rate: float, momentum: float) -> tuple[Arrays, list[float]]:
    """The weights after one step for each batch, and the loss before each."""
    net = {name: value.astype(np.float64) for name, value in net.items()}
    speed = {name: np.zeros_like(value) for name, value in net.items()}
    losses = []
    for batch in batches:
        loss, gradients = loss_and_gradients(net, batch)
        losses.append(loss)
        for name, gradient in gradients.items():
            speed[name] = momentum * speed[name] + gradient
            net[name] = net[name] - rate * speed[name]
    return net, losses
