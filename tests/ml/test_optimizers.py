import keras
import numpy as np
import pytest
import tensorflow as tf

from ml.optimizers import ConvolutionMuon


def variable(shape, name):
    values = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    return keras.Variable(values, name=name)


def moved(kernel, gradient, **options):
    before = kernel.numpy()
    optimizer = ConvolutionMuon(0.1, **{"weight_decay": None, "adam_weight_decay": None, **options})
    optimizer.build([kernel])
    optimizer.apply_gradients([(tf.constant(gradient), kernel)])
    return kernel.numpy() - before


def test_a_kernel_moves_by_a_nearly_orthogonal_matrix_of_the_size_of_an_adamw_step():
    gradient = np.random.default_rng(5).normal(size=(3, 3, 8, 16)).astype(np.float32)
    step = moved(variable((3, 3, 8, 16), "kernel"), gradient)
    singular = np.linalg.svd(step.reshape(72, 16), compute_uv=False)
    # Five iterations bring every singular value near one (0.7 to 1.2), whatever it was in the gradient.
    assert singular.min() > 0.5 * 0.1 * 0.2 * 72**0.5
    assert singular.max() < 1.5 * 0.1 * 0.2 * 72**0.5
    assert (step * gradient).sum() < 0


@pytest.mark.parametrize("size", [1e-12, 1e6])
def test_the_size_of_a_gradient_does_not_change_the_step(size):
    gradient = np.random.default_rng(5).normal(size=(3, 3, 8, 16)).astype(np.float32)
    usual = moved(variable((3, 3, 8, 16), "kernel"), gradient)
    scaled = moved(variable((3, 3, 8, 16), "kernel"), gradient * np.float32(size))
    if size < 1:  # below what the norm is kept away from zero by: shorter, not turned
        assert (scaled * usual).sum() > 0
    else:
        assert scaled == pytest.approx(usual, abs=2e-2 * float(abs(usual).max()))


@pytest.mark.parametrize("shape", [(16,), (16, 8), (3, 3, 1, 16)])
def test_all_but_inner_kernels_move_as_under_adamw(shape):
    gradient = np.random.default_rng(5).normal(size=shape).astype(np.float32)
    # The first step of Adam has the size of the learning rate, each number for itself.
    assert moved(variable(shape, "other"), gradient) == pytest.approx(-0.1 * np.sign(gradient), abs=1e-4)
