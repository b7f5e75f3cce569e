"""The formulas, each written once against the Array API standard.

The array decides: ``gaugeblock.reference.softmax(x)`` runs on any library whose arrays follow the
standard. No array library is imported here. Examples of the docstrings begin with ``import numpy as np`` and
``from gaugeblock import reference``.
"""

from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .. import names
from .formulas.adam import AdamState as AdamState
from .formulas.adam import adam_bias_correction as adam_bias_correction
from .formulas.adam import adam_first_moment as adam_first_moment
from .formulas.adam import adam_init as adam_init
from .formulas.adam import adam_second_moment as adam_second_moment
from .formulas.adam import adam_step as adam_step
from .formulas.adam import adam_update as adam_update
from .formulas.adamw_step import adamw_step as adamw_step
from .formulas.categorical_cross_entropy import categorical_cross_entropy as categorical_cross_entropy
from .formulas.categorical_cross_entropy_from_logits import (
    categorical_cross_entropy_from_logits as categorical_cross_entropy_from_logits,
)
from .formulas.categorical_cross_entropy_from_logits_vjp import (
    categorical_cross_entropy_from_logits_vjp as categorical_cross_entropy_from_logits_vjp,
)
from .formulas.categorical_cross_entropy_vjp import categorical_cross_entropy_vjp as categorical_cross_entropy_vjp
from .formulas.clip_by_global_norm import clip_by_global_norm as clip_by_global_norm
from .formulas.cross_entropy import cross_entropy as cross_entropy
from .formulas.cross_entropy_vjp import cross_entropy_vjp as cross_entropy_vjp
from .formulas.dense import dense as dense
from .formulas.dense_vjp import dense_vjp as dense_vjp
from .formulas.embedding import embedding as embedding
from .formulas.embedding_vjp import embedding_vjp as embedding_vjp
from .formulas.gelu import gelu as gelu
from .formulas.gelu_tanh import gelu_tanh as gelu_tanh
from .formulas.gelu_tanh_vjp import gelu_tanh_vjp as gelu_tanh_vjp
from .formulas.gelu_vjp import gelu_vjp as gelu_vjp
from .formulas.layer_norm import layer_norm as layer_norm
from .formulas.layer_norm_vjp import layer_norm_vjp as layer_norm_vjp
from .formulas.log_softmax import log_softmax as log_softmax
from .formulas.log_softmax_vjp import log_softmax_vjp as log_softmax_vjp
from .formulas.matmul import matmul as matmul
from .formulas.matmul_vjp import matmul_vjp as matmul_vjp
from .formulas.neuron import neuron as neuron
from .formulas.neuron_vjp import neuron_vjp as neuron_vjp
from .formulas.relu import relu as relu
from .formulas.relu_vjp import relu_vjp as relu_vjp
from .formulas.rms_norm import rms_norm as rms_norm
from .formulas.rms_norm_vjp import rms_norm_vjp as rms_norm_vjp
from .formulas.rotary_embedding import rotary_embedding as rotary_embedding
from .formulas.rotary_embedding_vjp import rotary_embedding_vjp as rotary_embedding_vjp
from .formulas.scaled_dot_product_attention import scaled_dot_product_attention as scaled_dot_product_attention
from .formulas.scaled_dot_product_attention_vjp import (
    scaled_dot_product_attention_vjp as scaled_dot_product_attention_vjp,
)
from .formulas.sgd_step import SGDState as SGDState
from .formulas.sgd_step import sgd_init as sgd_init
from .formulas.sgd_step import sgd_step as sgd_step
from .formulas.silu import silu as silu
from .formulas.silu_vjp import silu_vjp as silu_vjp
from .formulas.softmax import softmax as softmax
from .formulas.softmax_vjp import softmax_vjp as softmax_vjp
from .formulas.sparse_categorical_cross_entropy_from_logits import (
    sparse_categorical_cross_entropy_from_logits as sparse_categorical_cross_entropy_from_logits,
)
from .formulas.sparse_categorical_cross_entropy_from_logits_vjp import (
    sparse_categorical_cross_entropy_from_logits_vjp as sparse_categorical_cross_entropy_from_logits_vjp,
)
from .formulas.swiglu import swiglu as swiglu
from .formulas.swiglu_vjp import swiglu_vjp as swiglu_vjp

# The states of optimizers, by the names of their parts.
STATES: dict[tuple[str, ...], Any] = {each._fields: each for each in (AdamState, SGDState)}

FORMULAS: list[str] = sorted(name for name, value in globals().items() if isinstance(value, FunctionType))

if not TYPE_CHECKING:  # for which a name that there is not is an error
    __getattr__ = partial(names.no_attribute, globals())
