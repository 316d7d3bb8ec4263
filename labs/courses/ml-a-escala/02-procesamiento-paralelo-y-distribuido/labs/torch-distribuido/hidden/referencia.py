"""The lab's network in NumPy, on the grader's side: 64 → 32 → ReLU → 10, trained by SGD in one process."""

import numpy as np

Arrays = dict[str, np.ndarray]
Batch = tuple[np.ndarray, np.ndarray]


def weights(random: np.random.Generator) -> Arrays:
    shapes = {"0.weight": (32, 64), "0.bias": (32,), "2.weight": (10, 32), "2.bias": (10,)}
    return {name: random.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}


def outputs(net: Arrays, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hidden = np.maximum(images.astype(np.float64) @ net["0.weight"].T + net["0.bias"], 0)
    return hidden, hidden @ net["2.weight"].T + net["2.bias"]


def loss_and_gradients(net: Arrays, batch: Batch) -> tuple[float, Arrays]:
    images, digits = batch
    hidden, scores = outputs(net, images)
    scores = scores - scores.max(axis=1, keepdims=True)
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    rows = np.arange(len(digits))
    loss = float(-np.log(chances[rows, digits]).mean())
    chances[rows, digits] -= 1
    error = chances / len(digits)
    back = (error @ net["2.weight"]) * (hidden > 0)
    return loss, {
        "0.weight": back.T @ images,
        "0.bias": back.sum(axis=0),
        "2.weight": error.T @ hidden,
        "2.bias": error.sum(axis=0),
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


def accuracy(net: Arrays, batch: Batch) -> float:
    return float((outputs(net, batch[0])[1].argmax(axis=1) == batch[1]).mean())
