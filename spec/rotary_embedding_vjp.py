"""The gradients of rotary position embedding over the reals."""

from collections.abc import Sequence
from typing import Any

from .rotary_embedding import places

Real = Any
Rows = Sequence[Sequence[Real]]


def rotary_embedding_vjp(
    x: Sequence[Rows], cos: Rows, sin: Rows, g: Sequence[Rows], interleaved: bool
) -> tuple[list[list[list[Real]]], list[list[Real]], list[list[Real]]]:
    """gx is (c cos + d sin, d cos - c sin); gcos is the sum of a c + b d over the samples, and gsin that of a d - b c.

    (a, b) is a pair of x, and (c, d) the same one of g.
    """
    gx = [[list(row) for row in sample] for sample in g]
    gcos, gsin = ([[0 for _ in row] for row in rows] for rows in (cos, sin))
    for sample, (x_s, g_s) in enumerate(zip(x, g, strict=True)):
        for position, (row, slopes) in enumerate(zip(x_s, g_s, strict=True)):
            for i, (cosine, sine) in enumerate(zip(cos[position], sin[position], strict=True)):
                first, second = places(i, len(row), interleaved)
                a, b, c, d = row[first], row[second], slopes[first], slopes[second]
                gx[sample][position][first] = c * cosine + d * sine
                gx[sample][position][second] = d * cosine - c * sine
                gcos[position][i] = gcos[position][i] + a * c + b * d
                gsin[position][i] = gsin[position][i] + a * d - b * c
    return gx, gcos, gsin
