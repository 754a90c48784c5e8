"""Muon for convolutions: momentum, made orthogonal before it moves a kernel.

Keras has Muon for matrices alone (`keras.optimizers.Muon`) and hands everything else to AdamW, which for a network of
convolutions is nearly all. Its authors flatten a kernel to a matrix of one column for each output channel (Jordan et
al. 2024, https://kellerjordan.github.io/posts/muon/); the update is scaled to the size of AdamW's, so that both go with
one learning rate and one weight decay (Liu et al. 2025, arXiv:2502.16982, section 2.2).
"""

from __future__ import annotations

import keras
import tensorflow as tf


class ConvolutionMuon(keras.optimizers.Muon):
    """Move kernels (height, width, in, out) by Muon, everything else by AdamW: heads, biases, normalisations, the stem.

    The stem's kernels see one channel: a matrix of nine rows has little to make orthogonal.
    """

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        return len(variable.shape) != 4 or variable.shape[2] == 1

    def _muon_update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, lr: tf.Tensor, m: keras.Variable
    ) -> None:
        self.assign_add(m, gradient + m * (self.momentum - 1))
        matrix = tf.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        # Scaled before it is rounded: a gradient's size may be out of bfloat16's precision, its direction is not.
        short = tf.cast(matrix / (tf.norm(matrix) + 1e-7), tf.bfloat16)
        update = tf.cast(self.zeropower_via_newtonschulz5(short, self.ns_steps), tf.float32)
        self.assign_sub(variable, tf.reshape(self.lr_adjust(lr * update), variable.shape))
