"""The formulas, each written once against the Array API standard.

The array decides: ``gaugeblock.reference.softmax(x)`` runs on any library whose arrays follow the
standard. No array library is imported here.
"""

from types import FunctionType

from .adam import AdamState as AdamState
from .adam import adam_bias_correction as adam_bias_correction
from .adam import adam_first_moment as adam_first_moment
from .adam import adam_init as adam_init
from .adam import adam_second_moment as adam_second_moment
from .adam import adam_step as adam_step
from .adam import adam_update as adam_update
from .categorical_cross_entropy import categorical_cross_entropy as categorical_cross_entropy
from .categorical_cross_entropy_from_logits import (
    categorical_cross_entropy_from_logits as categorical_cross_entropy_from_logits,
)
from .categorical_cross_entropy_from_logits_vjp import (
    categorical_cross_entropy_from_logits_vjp as categorical_cross_entropy_from_logits_vjp,
)
from .categorical_cross_entropy_vjp import categorical_cross_entropy_vjp as categorical_cross_entropy_vjp
from .dense import dense as dense
from .dense_vjp import dense_vjp as dense_vjp
from .log_softmax import log_softmax as log_softmax
from .log_softmax_vjp import log_softmax_vjp as log_softmax_vjp
from .neuron import neuron as neuron
from .neuron_vjp import neuron_vjp as neuron_vjp
from .relu import relu as relu
from .relu_vjp import relu_vjp as relu_vjp
from .softmax import softmax as softmax
from .softmax_vjp import softmax_vjp as softmax_vjp
from .sparse_categorical_cross_entropy_from_logits import (
    sparse_categorical_cross_entropy_from_logits as sparse_categorical_cross_entropy_from_logits,
)
from .sparse_categorical_cross_entropy_from_logits_vjp import (
    sparse_categorical_cross_entropy_from_logits_vjp as sparse_categorical_cross_entropy_from_logits_vjp,
)

FORMULAS: list[str] = sorted(name for name, value in globals().items() if isinstance(value, FunctionType))
