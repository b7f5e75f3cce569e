"""The operators and attributes that bounded and exact arrays share: each is a function of their namespace."""

import math
from typing import Any

from .numpy_calls import NotOfTheStandardError, NumPyCalls

Array = Any


class Operators(NumPyCalls):
    """What an array of the standard has beyond the four operations, which each kind of array has of its own."""

    device = "cpu"
    __hash__ = None  # type: ignore[assignment]

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        from . import namespace  # which has both kinds of arrays

        return namespace.of(self)

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise NotOfTheStandardError(
            "an array of NumPy's, as np.array makes and SciPy's functions of rows do, forgets the bounds; "
            "np.stack joins several arrays"
        )

    def __abs__(self) -> Array:
        return self.__array_namespace__().abs(self)

    def __pos__(self) -> Array:
        return self

    def __pow__(self, other: Array) -> Array:
        return self.__array_namespace__().pow(self, other)

    def __rpow__(self, other: Array) -> Array:
        return self.__array_namespace__().pow(other, self)

    def __matmul__(self, other: Array) -> Array:
        return self.__array_namespace__().matmul(self, other)

    def __rmatmul__(self, other: Array) -> Array:
        return self.__array_namespace__().matmul(other, self)

    def __mod__(self, other: Array) -> Array:
        return self.__array_namespace__().remainder(self, other)

    def __rmod__(self, other: Array) -> Array:
        return self.__array_namespace__().remainder(other, self)

    def __floordiv__(self, other: Array) -> Array:
        return self.__array_namespace__().floor_divide(self, other)

    def __rfloordiv__(self, other: Array) -> Array:
        return self.__array_namespace__().floor_divide(other, self)

    def __divmod__(self, other: Array) -> tuple[Array, Array]:
        return self // other, self % other

    def __rdivmod__(self, other: Array) -> tuple[Array, Array]:
        return other // self, other % self

    def __ne__(self, other: object) -> Array:
        return self.__array_namespace__().not_equal(self, other)

    def __bool__(self) -> bool:
        return bool(self.__array_namespace__().not_equal(self, 0))

    @property
    def shape(self) -> tuple[int, ...]:
        raise NotImplementedError

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def T(self) -> Array:  # noqa: N802
        return self.mT if len(self.shape) == 2 else self.transpose()

    @property
    def mT(self) -> Array:  # noqa: N802
        return self.__array_namespace__().matrix_transpose(self)
