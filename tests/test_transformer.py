"""The example that learns to write: that its loss falls, on the backends that are here, and how it complains."""

from itertools import islice

import numpy as np
import pytest
import transformer
import typer

from gaugeblock import backends


@pytest.mark.parametrize(("backend", "steps", "least"), [("numpy", 40, 0.65), ("torch", 4, 0.99), ("strict", 3, 0.99)])
def test_its_loss_falls(backend, steps, least):
    pytest.importorskip({"strict": "array_api_strict"}.get(backend, backend))
    losses = [float(loss) for loss in islice(transformer.train(backends.load(backend)), steps)]
    assert losses[0] > 3
    assert np.mean(losses[-3:] if steps > 3 else losses[-1:]) < least * losses[0]


def test_all_gradients_are_those_of_the_loss():
    """By the loss at both sides of the parameters, along a random direction for each."""
    gb, rng = backends.load("numpy"), np.random.default_rng(0)
    numbers = np.unique([*transformer.text(100)], return_inverse=True)[1]
    given, after = next(transformer.batches(numbers))
    theta = {name: array.astype(np.float64) for name, array in transformer.initial(numbers.max() + 1).items()}
    cos, sin = (each.astype(np.float64) for each in transformer.angles())

    class Recorded:
        """A backend that keeps the gradients before they are clipped."""

        def __getattr__(self, name):
            return getattr(gb, name)

        def clip_by_global_norm(self, grad, limit):
            self.grad = grad
            return gb.clip_by_global_norm(grad, limit)

    kept = Recorded()

    def loss(parameters):
        state = gb.adam_init(parameters)
        return transformer.learn(kept, cos, sin, np.ones(()), parameters, state, given, after)[0]

    loss(theta)
    grad = kept.grad
    assert set(grad) == set(theta)
    for name, array in theta.items():
        direction = rng.normal(size=array.shape)
        ahead, behind = (loss(theta | {name: array + step * direction}) for step in (1e-5, -1e-5))
        np.testing.assert_allclose(np.sum(grad[name] * direction), (ahead - behind) / 2e-5, rtol=1e-5, atol=1e-9)


def test_it_says_one_line_and_draws(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(transformer, "STEPS", 20)
    transformer.main("numpy", tmp_path / "loss.svg")
    assert capsys.readouterr().out.startswith("loss ")
    assert "mean of 20" in (tmp_path / "loss.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("cupy", None), "backend: got 'cupy'"), (("numpy", transformer.Path("loss.txt")), "--plot: got 'loss.txt'")],
)
def test_a_mistake_is_one_line_and_status_2(arguments, message, capsys):
    with pytest.raises(typer.Exit) as caught:
        transformer.main(*arguments)
    assert caught.value.exit_code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"transformer.py: {message}")
    assert said.err.count("\n") == 1
