"""A second oracle, for the published vectors: mpmath, plain definitions, and nothing of gaugeblock's.

It reads the files as anybody would, computes each result in real arithmetic of `BITS` bits from the formula as the page
writes it, and rounds it by way of integers. Where numbers are special, it does what the page says.
"""

import json
from itertools import product
from math import prod
from pathlib import Path

from mpmath import erf, exp, floor, inf, isnan, ldexp, log, mag, mpf, nan, nint, pi, sqrt, tanh, workprec

# From the largest binary64 number down to beneath the smallest, and 128 more.
BITS = 2**11 + 52 + 128
# What is lost in so many bits, after thousands of operations.
LOST = ldexp(1, 2**10 + 16 - BITS)

# Bits of the exponent and of the fraction.
FORMATS = {"float16": (5, 10), "bfloat16": (8, 7), "float32": (8, 23), "float64": (11, 52)}


def decode(digits, dtype):
    """The numbers in a string of hexadecimal digits."""
    exponent_bits, fraction_bits = FORMATS[dtype]
    width = (1 + exponent_bits + fraction_bits) // 4
    least = 2 - 2 ** (exponent_bits - 1) - fraction_bits  # the exponent of the smallest subnormal number
    numbers = []
    for start in range(0, len(digits), width):
        bits = int(digits[start : start + width], 16)
        sign = -1 if bits >> (exponent_bits + fraction_bits) else 1
        field, fraction = bits >> fraction_bits & (2**exponent_bits - 1), bits & (2**fraction_bits - 1)
        if field == 2**exponent_bits - 1:
            numbers.append(nan if fraction else sign * inf)
        else:
            integer = fraction + (2**fraction_bits if field else 0)
            numbers.append(sign * ldexp(mpf(integer), least + max(field, 1) - 1))
    return numbers


def in_last_places(number, dtype):
    """How far a number's last place is from that of the subnormal ones, and the number's size in units of it."""
    exponent_bits, fraction_bits = FORMATS[dtype]
    least = 2 - 2 ** (exponent_bits - 1)  # the exponent of the smallest normal number
    exponent = max(int(mag(number)) - 1, least) if number else least
    return exponent - least, ldexp(abs(number), fraction_bits - exponent)


def encode(number, dtype):
    """The digits of the nearest number of a format, ties to even; +0 for every zero, and one NaN."""
    exponent_bits, fraction_bits = FORMATS[dtype]
    infinite, bits = (2**exponent_bits - 1) << fraction_bits, 0
    if isnan(number):
        bits = infinite | 1 << (fraction_bits - 1)
    elif abs(number) == inf:
        bits = infinite
    else:
        place, units = in_last_places(number, dtype)
        bits = min((min(place, 2**exponent_bits) << fraction_bits) + int(nint(units)), infinite)
    negative = number < 0 and bits > 0
    return f"{bits | negative << (exponent_bits + fraction_bits):0{(1 + exponent_bits + fraction_bits) // 4}x}"


def is_near_a_middle(number, dtype):
    """Whether a number is so near to the middle between two of a format that more bits may tell it from that."""
    if isnan(number) or abs(number) == inf:
        return False
    units = in_last_places(number, dtype)[1]
    return abs(units - floor(units) - 0.5) < ldexp(1, -BITS // 2)


def rows(function, axis, shape, *arrays):
    """A function of rows that gives a row or a number, along an axis of arrays in C order; the results in C order."""
    axis %= len(shape)
    stride, length = prod(shape[axis + 1 :]), shape[axis]
    starts = [i for i in range(prod(shape)) if i // stride % length == 0]
    results = {}
    for start in starts:
        places = [start + stride * i for i in range(length)]
        found = function(*([array[i] for i in places] for array in arrays))
        results.update(zip(places, found, strict=True) if isinstance(found, list) else [(start, found)])
    return [results[place] for place in sorted(results)]


def total(numbers):
    return sum(numbers, mpf(0))


def power_sum(x):
    """e^x_1 + ... + e^x_n: no number, the page says, if an x is infinite or all are -inf."""
    return nan if inf in x or all(each == -inf for each in x) else total(map(exp, x))


def probabilities(x):
    powers = power_sum(x)
    return [exp(each) / powers for each in x]


def log_probabilities(x):
    powers = power_sum(x)
    return [each - log(powers) for each in x]


def dot(x, w, b):
    return total(a * c for a, c in zip(x, w, strict=True)) + b


def neuron(x, w, b, **of):
    n, count = len(w), prod(of["x.shape"][:-1])
    return [dot(x[i * n : (i + 1) * n], w, b[0]) for i in range(count)]


def dense(x, w, b, **of):
    n, m = of["w.shape"]
    count = prod(of["x.shape"][:-1])
    return [dot(x[i * n : (i + 1) * n], w[j::m], b[j]) for i in range(count) for j in range(m)]


def neuron_vjp(x, w, b, g, **of):
    rows = [x[i * len(w) : (i + 1) * len(w)] for i in range(len(g))]
    gx = [g_r * w_i for g_r in g for w_i in w]
    gw = [dot(g, column, 0) for column in zip(*rows, strict=True)] or [mpf(0) for _ in w]
    return {"gx": gx, "gw": gw, "gb": [total(g)]}


def dense_vjp(x, w, b, g, **of):
    n, m = of["w.shape"]
    count = prod(of["x.shape"][:-1])
    gx = [dot(g[r * m : (r + 1) * m], w[i * m : (i + 1) * m], 0) for r in range(count) for i in range(n)]
    gw = [dot(x[i::n], g[k::m], 0) for i in range(n) for k in range(m)]
    return {"gx": gx, "gw": gw, "gb": [total(g[k::m]) for k in range(m)]}


def matrices(values, shape, batch):
    """The matrix, as rows, for each index of a batch that it is broadcast to; and where each has its numbers."""
    rows, columns = shape[-2:]
    own = (*[1] * (len(batch) + 2 - len(shape)), *shape[:-2])
    found = []
    for index in product(*map(range, batch)):
        start = 0
        for size, place in zip(own, index, strict=True):
            start = start * size + min(place, size - 1)
        start *= rows * columns
        places = [[start + i * columns + j for j in range(columns)] for i in range(rows)]
        found.append(([[values[place] for place in row] for row in places], places))
    return found


def batch_of(*shapes):
    """The batch that those of some shapes are broadcast to."""
    count = max(len(shape) for shape in shapes) - 2
    aligned = [[1] * (count + 2 - len(shape)) + list(shape[:-2]) for shape in shapes]
    return [next((size for size in sizes if size != 1), 1) for sizes in zip(*aligned, strict=True)]


def matmul(a, b, **of):
    batch = batch_of(of["a.shape"], of["b.shape"])
    pairs = zip(matrices(a, of["a.shape"], batch), matrices(b, of["b.shape"], batch), strict=True)
    return [dot(row, column, 0) for (x, _), (y, _) in pairs for row in x for column in zip(*y, strict=True)]


def matmul_vjp(a, b, g, **of):
    shapes = [of["a.shape"], of["b.shape"], of["g.shape"]]
    batch = batch_of(*shapes)
    ga, gb = [mpf(0) for _ in a], [mpf(0) for _ in b]
    every = zip(*(matrices(each, shape, batch) for each, shape in zip((a, b, g), shapes, strict=True)), strict=True)
    for (x, of_x), (y, of_y), (slopes, _) in every:
        for i, row in enumerate(slopes):
            for place, line in enumerate(y):
                ga[of_x[i][place]] += dot(row, line, 0)
                for j, slope in enumerate(row):
                    gb[of_y[place][j]] += x[i][place] * slope
    return {"ga": ga, "gb": gb}


def relu(x, **of):
    return [each if isnan(each) or each > 0 else mpf(0) for each in x]


def relu_vjp(x, g, **of):
    return [g_i if x_i > 0 else mpf(0) for x_i, g_i in zip(x, g, strict=True)]


def sigmoid(x):
    """The limits where x is infinite, whose powers mpmath has."""
    return 1 / (1 + exp(-x))


def silu(x, **of):
    return [each * sigmoid(each) for each in x]


def silu_vjp(x, g, **of):
    return [g_i * (sigmoid(x_i) + x_i * sigmoid(x_i) * sigmoid(-x_i)) for x_i, g_i in zip(x, g, strict=True)]


def gelu(x, **of):
    return [each * (1 + erf(each / sqrt(2))) / 2 for each in x]


def gelu_vjp(x, g, **of):
    def slope(x):
        return (1 + erf(x / sqrt(2))) / 2 + x * exp(-x * x / 2) / sqrt(2 * pi)

    return [g_i * slope(x_i) for x_i, g_i in zip(x, g, strict=True)]


def gelu_tanh(x, **of):
    return [each * (1 + tanh(sqrt(2 / pi) * (each + mpf(44715) / 1000000 * each**3))) / 2 for each in x]


def gelu_tanh_vjp(x, g, **of):
    def slope(x):
        t = tanh(sqrt(2 / pi) * (x + mpf(44715) / 1000000 * x**3))
        return (1 + t + x * (1 - t * t) * sqrt(2 / pi) * (1 + mpf(134145) / 1000000 * x * x)) / 2

    return [g_i * slope(x_i) for x_i, g_i in zip(x, g, strict=True)]


def swiglu(a, b, **of):
    return [a_i * sigmoid(a_i) * b_i for a_i, b_i in zip(a, b, strict=True)]


def swiglu_vjp(a, b, g, **of):
    return {"ga": [g_i * b_i for g_i, b_i in zip(silu_vjp(a, g), b, strict=True)], "gb": swiglu(a, g)}


def cut(values, n):
    """Rows of a length."""
    return [values[i : i + n] for i in range(0, len(values), n)]


def mean(x):
    return total(x) / len(x)


def rms_norm(x, w, epsilon, **of):
    roots = [(row, sqrt(mean([x_i * x_i for x_i in row]) + epsilon)) for row in cut(x, len(w))]
    return [x_i / root * w_i for row, root in roots for x_i, w_i in zip(row, w, strict=True)]


def layer_norm(x, w, b, epsilon, **of):
    centred = [x_i - mean(row) for row in cut(x, len(w)) for x_i in row]
    return [y_i + b_i for y_i, b_i in zip(rms_norm(centred, w, epsilon), b * (len(x) // len(w)), strict=True)]


def rms_norm_vjp(x, w, g, epsilon, **of):
    gx, gw = [], [mpf(0) for _ in w]
    for row, slopes in zip(cut(x, len(w)), cut(g, len(w)), strict=True):
        root = sqrt(mean([x_i * x_i for x_i in row]) + epsilon)
        z, h = [x_i / root for x_i in row], [g_i * w_i for g_i, w_i in zip(slopes, w, strict=True)]
        along = mean([h_i * z_i for h_i, z_i in zip(h, z, strict=True)])
        gx += [(h_i - z_i * along) / root for h_i, z_i in zip(h, z, strict=True)]
        gw = [total_i + g_i * z_i for total_i, g_i, z_i in zip(gw, slopes, z, strict=True)]
    return {"gx": gx, "gw": gw}


def layer_norm_vjp(x, w, b, g, epsilon, **of):
    """That of the other norm at the centred rows, whose mean is subtracted again."""
    n = len(w)
    found = rms_norm_vjp([x_i - mean(row) for row in cut(x, n) for x_i in row], w, g, epsilon)
    gx = [each - mean(row) for row in cut(found["gx"], n) for each in row]
    return {"gx": gx, "gw": found["gw"], "gb": [total(g[i::n]) for i in range(n)]}


def embedding(table, labels, **of):
    n = of["table.shape"][1]
    return [table[label * n + j] for label in labels for j in range(n)]


def embedding_vjp(table, labels, g, **of):
    n, found = of["table.shape"][1], [mpf(0) for _ in table]
    for i, label in enumerate(labels):
        for j in range(n):
            found[label * n + j] += g[i * n + j]
    return found


def softmax(x, axis, **of):
    return rows(probabilities, axis, of["x.shape"], x)


def log_softmax(x, axis, **of):
    return rows(log_probabilities, axis, of["x.shape"], x)


def softmax_vjp(x, g, axis, **of):
    def row(x, g):
        p = probabilities(x)
        mean = dot(p, g, 0)
        return [p_i * (g_i - mean) for p_i, g_i in zip(p, g, strict=True)]

    return rows(row, axis, of["x.shape"], x, g)


def log_softmax_vjp(x, g, axis, **of):
    def row(x, g):
        whole = total(g)
        return [g_i - p_i * whole for p_i, g_i in zip(probabilities(x), g, strict=True)]

    return rows(row, axis, of["x.shape"], x, g)


def categorical_cross_entropy(y, p, axis, clip, **of):
    lo, hi = clip

    def row(y, p):
        clipped = [each if isnan(each) else min(max(each, lo), hi) for each in p]
        return -dot(y, map(log, clipped), 0)

    return rows(row, axis, of["p.shape"], y, p)


def categorical_cross_entropy_from_logits(y, x, axis, **of):
    def row(y, x):
        return -total(y_i * l_i for y_i, l_i in zip(y, log_probabilities(x), strict=True) if y_i != 0)

    return rows(row, axis, of["x.shape"], y, x)


def sparse_categorical_cross_entropy_from_logits(labels, x, axis, **of):
    left = iter(labels)
    return rows(lambda x: -log_probabilities(x)[next(left)], axis, of["x.shape"], x)


def categorical_cross_entropy_vjp(y, p, g, axis, clip, **of):
    (lo, hi), of_samples = clip, iter(g)

    def derivative(y, p, g):
        return nan if isnan(p) else -g * y / p if lo <= p <= hi else mpf(0)

    def row(y, p):
        g = next(of_samples)
        return [derivative(y_i, p_i, g) for y_i, p_i in zip(y, p, strict=True)]

    return rows(row, axis, of["p.shape"], y, p)


def categorical_cross_entropy_from_logits_vjp(y, x, g, axis, **of):
    of_samples = iter(g)

    def row(y, x):
        g, whole = next(of_samples), total(y)
        return [g * (p_i * whole - y_i) for y_i, p_i in zip(y, probabilities(x), strict=True)]

    return rows(row, axis, of["x.shape"], y, x)


def sparse_categorical_cross_entropy_from_logits_vjp(labels, x, g, axis, **of):
    of_samples = iter(zip(labels, g, strict=True))

    def row(x):
        label, g = next(of_samples)
        return [g * (p_i - (i == label)) for i, p_i in enumerate(probabilities(x))]

    return rows(row, axis, of["x.shape"], x)


def turned_pairs(cos, interleaved, of):
    """For each pair: where both of its numbers are in x, and where its angle is in cos and sin."""
    h = of["cos.shape"][1]
    for position in range(prod(of["x.shape"][:-1])):
        start, angle = position * 2 * h, position % (len(cos) // h) * h
        for i in range(h):
            yield *((start + 2 * i, start + 2 * i + 1) if interleaved else (start + i, start + i + h)), angle + i


def rotary_embedding(x, cos, sin, interleaved=False, **of):
    y = [*x]
    for i, j, angle in turned_pairs(cos, interleaved, of):
        y[i] = x[i] * cos[angle] - x[j] * sin[angle]
        y[j] = x[i] * sin[angle] + x[j] * cos[angle]
    return y


def rotary_embedding_vjp(x, cos, sin, g, interleaved=False, **of):
    gx, gcos, gsin = [*g], [mpf(0) for _ in cos], [mpf(0) for _ in sin]
    for i, j, angle in turned_pairs(cos, interleaved, of):
        gx[i] = g[i] * cos[angle] + g[j] * sin[angle]
        gx[j] = g[j] * cos[angle] - g[i] * sin[angle]
        gcos[angle] += g[i] * x[i] + g[j] * x[j]
        gsin[angle] += g[j] * x[i] - g[i] * x[j]
    return {"gx": gx, "gcos": gcos, "gsin": gsin}


def attention(q, k, v, mask, causal, scale, of, row):
    """What `row` makes of each query: its number, the keys that it sees, and the lists of all three, in its head."""
    (*batch, queries, d), (*heads, keys, _), e = of["q.shape"], of["k.shape"], of["v.shape"][-1]
    scale, found = 1 / sqrt(mpf(d)) if scale is None else scale, []
    wanted = [*batch, queries, keys]
    last = keys - queries if causal == "lower_right" else 0
    for sample in range(prod(batch)):
        place = sample // (batch[-1] // heads[-1]) if heads else 0
        rows = [x[at * n * w :][: n * w] for x, at, n, w in
                ((q, sample, queries, d), (k, place, keys, d), (v, place, keys, e))]  # fmt: skip
        q_s, k_s, v_s = (
            [x[i * w : (i + 1) * w] for i in range(n)]
            for x, n, w in zip(rows, (queries, keys, keys), (d, d, e), strict=True)
        )
        for i in range(queries):
            at = (sample * queries + i) * keys
            seen = [j for j in range(keys) if causal is False or j <= i + last]
            seen = [j for j in seen if mask is None or mask[broadcast_place(at + j, wanted, of["mask.shape"])]]
            found.append(row(sample, i, seen, q_s, k_s, v_s, scale))
    return found


def broadcast_place(place, shape, own):
    """Where an element of a shape is in an array that is broadcast to it."""
    index = []
    for size in reversed(shape):
        place, rest = divmod(place, size)
        index.insert(0, rest)
    found = 0
    for i, size in zip(index[len(shape) - len(own) :], own, strict=True):
        found = found * size + (i if size > 1 else 0)
    return found


def scaled_dot_product_attention(q, k, v, mask=None, causal=False, scale=None, **of):
    def row(sample, i, seen, q, k, v, scale):
        columns = range(of["v.shape"][-1])
        if not seen:
            return [mpf(0) for _ in columns]
        p = probabilities([scale * dot(q[i], k[j], 0) for j in seen])
        return [total(p_j * v[j][c] for p_j, j in zip(p, seen, strict=True)) for c in columns]

    return [each for part in attention(q, k, v, mask, causal, scale, of, row) for each in part]


def scaled_dot_product_attention_vjp(q, k, v, g, mask=None, causal=False, scale=None, **of):
    (*batch, queries, d), (*heads, keys, _), e = of["q.shape"], of["k.shape"], of["v.shape"][-1]
    found = {"gq": [], "gk": [mpf(0)] * len(k), "gv": [mpf(0)] * len(v)}

    def row(sample, i, seen, q_s, k_s, v_s, scale):
        at = sample // (batch[-1] // heads[-1]) if heads else 0
        g_i = g[(sample * queries + i) * e :][:e]
        p = probabilities([scale * dot(q_s[i], k_s[j], 0) for j in seen]) if seen else []
        h = [dot(g_i, v_s[j], 0) for j in seen]
        mean = total(p_j * h_j for p_j, h_j in zip(p, h, strict=True))
        t = [scale * p_j * (h_j - mean) for p_j, h_j in zip(p, h, strict=True)]
        found["gq"] += [total(t_j * k_s[j][c] for t_j, j in zip(t, seen, strict=True)) for c in range(d)]
        for t_j, p_j, j in zip(t, p, seen, strict=True):
            for c in range(d):
                found["gk"][(at * keys + j) * d + c] += t_j * q_s[i][c]
            for c in range(e):
                found["gv"][(at * keys + j) * e + c] += p_j * g_i[c]

    attention(q, k, v, mask, causal, scale, of, row)
    return found


def class_weights(labels, x, weight, ignore_index, smoothing, of):
    """t of each class of each sample, and what the mean divides by."""
    n, soft = of["x.shape"][-1], len(of["labels.shape"]) == len(of["x.shape"])
    weight, every, counted = weight or [mpf(1)] * n, [], mpf(0)
    for i in range(prod(of["x.shape"][:-1])):
        y = labels[i * n :][:n] if soft else [int(c == labels[i]) for c in range(n)]
        none = not soft and labels[i] == ignore_index
        counted += 0 if none else 1 if soft else weight[labels[i]]
        every.append(
            [mpf(0) if none else w * ((1 - smoothing) * y_c + smoothing / n) for w, y_c in zip(weight, y, strict=True)]
        )
    return every, counted


def cross_entropy(labels, x, weight=None, ignore_index=-100, label_smoothing=0, reduction="mean", **of):
    n, losses = of["x.shape"][-1], []
    every, counted = class_weights(labels, x, weight, ignore_index, label_smoothing, of)
    for i, t in enumerate(every):
        p = log_probabilities(x[i * n :][:n])
        losses.append(-total(t_c * p_c for t_c, p_c in zip(t, p, strict=True) if t_c != 0))
    if reduction == "none":
        return losses
    return [total(losses) / counted if counted else nan] if reduction == "mean" else [total(losses)]


def cross_entropy_vjp(labels, x, g, weight=None, ignore_index=-100, label_smoothing=0, reduction="mean", **of):
    n, found = of["x.shape"][-1], []
    every, counted = class_weights(labels, x, weight, ignore_index, label_smoothing, of)
    for i, t in enumerate(every):
        s = g[i] if reduction == "none" else g[0]
        if reduction == "mean":
            s = s / counted if counted else nan
        found += [s * (p_c * total(t) - t_c) for p_c, t_c in zip(probabilities(x[i * n :][:n]), t, strict=True)]
    return found


def adam_first_moment(m, grad, beta1, **of):
    return [beta1 * m_i + (1 - beta1) * g_i for m_i, g_i in zip(m, grad, strict=True)]


def adam_second_moment(v, grad, beta2, **of):
    return [beta2 * v_i + (1 - beta2) * g_i * g_i for v_i, g_i in zip(v, grad, strict=True)]


def adam_bias_correction(moment, beta, step, **of):
    return [each / (1 - beta**step) for each in moment]


def adam_update(theta, m_hat, v_hat, learning_rate, epsilon, **of):
    def step(m, v):
        root = sqrt(v) + epsilon
        return learning_rate * m / root if root != 0 else nan  # 0 / 0

    return [a - step(b, c) for a, b, c in zip(theta, m_hat, v_hat, strict=True)]


def adam_step(theta, grad, step, m, v, learning_rate, beta1, beta2, epsilon, checkpoints=None, **of):
    """One step, or one for each gradient along the first axis, with the results at the checkpoints."""
    done, found, size = 0, {"step": []}, len(theta)
    for start in range(0, len(grad), size) if checkpoints else [0]:
        g, done, step = grad[start : start + size], done + 1, step + 1
        m, v = adam_first_moment(m, g, beta1), adam_second_moment(v, g, beta2)
        m_hat, v_hat = adam_bias_correction(m, beta1, step), adam_bias_correction(v, beta2, step)
        theta = adam_update(theta, m_hat, v_hat, learning_rate, epsilon)
        if checkpoints and done in checkpoints:
            when = f"after {done} step{'s' if done > 1 else ''}"
            found |= {f"theta {when}": theta, f"m {when}": m, f"v {when}": v, "step": [*found["step"], step]}
    return found if checkpoints else {"theta": theta, "m": m, "v": v, "step": step}


def clip_by_global_norm(tree, max_norm, **of):
    norm = sqrt(total(each * each for each in tree))
    if norm <= max_norm:
        return list(tree)
    return [each * max_norm / norm for each in tree]


def in_steps(step, grad, size, checkpoints, state, names):
    """One step of an optimizer, or one for each gradient along the first axis, with the results at the checkpoints."""
    done, found = 0, {"step": []}
    for start in range(0, len(grad), size) if checkpoints else [0]:
        state, done = step(grad[start : start + size], *state), done + 1
        if checkpoints and done in checkpoints:
            when = f"after {done} step{'s' if done > 1 else ''}"
            found |= {f"{name} {when}": each for name, each in zip(names, state, strict=True) if name != "step"}
            found["step"] = [*found["step"], dict(zip(names, state, strict=True))["step"]]
    return found if checkpoints else dict(zip(names, state, strict=True))


def sgd_step(theta, grad, step, velocity, learning_rate, momentum, dampening, nesterov, checkpoints=None, **of):
    def one(g, theta, step, v):
        if step > 0 and momentum != 0:
            g_v = [momentum * v_i + (1 - dampening) * g_i for v_i, g_i in zip(v, g, strict=True)]
        else:
            g_v = list(g)
        d = [g_i + momentum * v_i for g_i, v_i in zip(g, g_v, strict=True)] if nesterov else g_v
        return [t - learning_rate * d_i for t, d_i in zip(theta, d, strict=True)], step + 1, g_v

    return in_steps(one, grad, len(theta), checkpoints, (theta, step, velocity), ("theta", "step", "velocity"))


def adamw_step(theta, grad, step, m, v, learning_rate, beta1, beta2, epsilon, weight_decay, checkpoints=None, **of):
    def one(g, theta, step, m, v):
        found = adam_step(theta, g, step, m, v, learning_rate, beta1, beta2, epsilon)
        decay = learning_rate * weight_decay
        new = [new_i - decay * t for new_i, t in zip(found["theta"], theta, strict=True)]
        return new, step + 1, found["m"], found["v"]

    return in_steps(one, grad, len(theta), checkpoints, (theta, step, m, v), ("theta", "step", "m", "v"))


def arguments(inputs, dtype):
    """The arguments as mpmath's numbers, arrays in one list; their shapes stand beside them."""
    read = dict(inputs)
    for name, value in inputs.items():
        if name.endswith(".bits"):
            name = name.removesuffix(".bits")
            read[name] = decode(value, "float64") if isinstance(inputs[name], list) else decode(value, "float64")[0]
        elif isinstance(value, str) and f"{name}.shape" in inputs:
            read[name] = decode(value, inputs.get(f"{name}.dtype", dtype))
    return read


def results(case, dtype):
    """The real numbers by name of result, in as many bits as it takes to round them, and Adam's step."""
    for bits in (BITS, 4 * BITS):
        with workprec(bits):
            found = globals()[case["function"]](**arguments(case["inputs"], dtype))
            found = found if isinstance(found, dict) else {"y": found}
            own = {name: case["expected"].get(f"{name}.dtype", dtype) for name in found}
            arrays = [(name, values) for name, values in found.items() if name != "step"]
            if not any(is_near_a_middle(value, own[name]) for name, values in arrays for value in values):
                break
    return found


def recomputed(case, dtype, found):
    """What a case should expect: the digits of each value and remainder, and Adam's step."""
    digits = {}
    for name, values in found.items():
        if name == "step":
            digits[name] = values
            continue
        own = case["expected"].get(f"{name}.dtype", dtype)
        with workprec(4 * BITS):
            digits[name] = "".join(encode(value, own) for value in values)
            nearest = decode(digits[name], own)
            rest = [v - n if abs(n) < inf else mpf(0) for v, n in zip(values, nearest, strict=True)]
            digits[f"{name}.remainder"] = "".join(encode(each, "float64") for each in rest)
    return digits


def end(text):
    """An end of an interval: 0xap-3 is 10 / 8."""
    if "x" not in text:
        return mpf(text)
    integer, exponent = text.split("p")
    return ldexp(mpf(int(integer, 16)), int(exponent))


def is_certified(value, lower, upper, dtype):
    """Whether a real number lies between two ends, which round to the same number of a format."""
    if isnan(value) or abs(value) == inf:
        return repr(lower) == repr(upper) == repr(value)
    return encode(lower, dtype) == encode(upper, dtype) and lower - LOST <= value <= upper + LOST


def uncertified(case, dtype, found):
    """The results that have an element whose real value is not where the certificate says."""
    for name, values in found.items():
        if name != "step":
            own = case["expected"].get(f"{name}.dtype", dtype)
            with workprec(4 * BITS):
                ends = [map(end, case["certificate"][f"{name}.{which}"].split()) for which in ("lower", "upper")]
                if not all(is_certified(*each, own) for each in zip(values, *ends, strict=True)):
                    yield name


def disagreements(path):
    """How many values of a file were recomputed, and where they are not those of the file, or not where it says."""
    document = json.loads(Path(path).read_text())
    count, wrong, dtype = 0, [], document["dtype"]
    for case in document["cases"]:
        expected, found = case["expected"], results(case, dtype)
        for name, digits in recomputed(case, dtype, found).items():
            if expected[name] != digits:
                wrong.append(f"{dtype}: {case['case']}: {name}")
            count += prod(expected.get(f"{name}.shape", [0]))
        wrong += [f"{dtype}: {case['case']}: the certificate of {name}" for name in uncertified(case, dtype, found)]
    return count, wrong
