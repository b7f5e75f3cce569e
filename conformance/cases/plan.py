"""The plan: which lengths, batches, magnitudes and options the made cases have. Data only."""

Pair = tuple[tuple[int, ...], int]  # of a batch and a number
Shape = tuple[tuple[int, ...], int, int]  # of a batch and two lengths

# A batch and the length of the last axis, so that few shapes have each of both: each power of two and one more, a prime
# between two, what is narrower than a vector, more than 2^16; ranks 0 to 5, axes of length 1, rows beyond 2^16. Kernels
# have ways of their own for lengths and rows that are whole blocks, for vectors of two, and for many long rows.
PAIRS: tuple[Pair, ...] = (
    ((), 3),
    ((5_000,), 1),
    ((4, 4), 4),  # as all other axes
    ((70_001,), 2),
    ((513,), 3),
    ((21, 1), 7),
    ((1_201,), 13),
    ((2, 3), 8),
    ((17, 19), 17),
    ((2, 3, 4), 33),
    ((67,), 65),
    ((), 63),  # one less than a power of two
    ((2, 2), 199),
    ((300, 300), 2),
    ((2, 1, 3, 2), 129),
    ((1, 5), 257),
    ((37,), 521),
    ((6,), 781),  # 3 * 256 + 13
    ((6,), 1_025),
    ((1,), 2_053),
    ((6,), 4_096),
    ((6,), 4_097),
    ((), 4_099),
    ((2, 2), 12_289),
    ((2,), 20_011),  # between 2^14 and 2^15
    ((6,), 33_001),
    ((2,), 70_001),
    ((1,), 100_003),
    ((1_024,), 16),
    ((32,), 32),
    ((64,), 64),
    ((4, 32), 128),
    ((16,), 256),
    ((), 512),
    ((6,), 768),
    ((8,), 1_024),
    ((2, 2), 2_048),
    ((1_025,), 130),
    ((3,), 1_023),
    ((260,), 770),  # rows beyond blocks of 128 and of 256, columns beyond those of 256 and of 512
    # Odd numbers of blocks of 32 to 1024, which are left over where two or four are taken at once.
    ((767,), 96),
    ((2,), 192),
    ((3,), 896),
    ((5,), 1_280),
    ((3,), 2_560),
    ((2,), 4_128),
    # Rows of one or two vectors of 8 or 16, and six or fourteen more.
    ((7,), 22),
    ((14,), 30),
    # Rows of whole vectors: wider than a block of 2^12 and of 2^15, more than 2^16 of them, and many of many axes.
    ((2,), 14_336),
    ((1,), 50_304),
    ((65_600,), 4),
    ((70, 3), 72),
    ((1_027,), 40),
)
# Elements of one array: less than a vector of 8 to 32, and just as many.
VECTORS = 7, 8, 15, 16, 31, 32
USUAL: Pair = ((4,), 6)  # a shape at which little goes wrong
# The length of every other axis, where the pair of a batch and a length is judged.
OTHER = 4
OTHERS = {2: 2, 3: 3, 64: 64, 65: 65, 128: 128, 192: 192, 781: 20, 2_053: 129}  # by the length of the first one
OF_OTHER_LENGTHS: tuple[tuple[int, ...], ...] = (3,), ()
OF_ONE = (1_201,)  # the batch of one column
OTHER_LENGTHS = 1, 7, 17, 160, 192, 257, 1_024, 1_500, 4_099, 70_002  # of one such axis alone
# The same of variants: arguments or results of other axes, for which kernels have loops of their own.
PAIRS_OF_VARIANTS: tuple[Pair, ...] = (
    ((70_001,), 2),
    ((37,), 521),
    ((6,), 1_025),
    ((16,), 256),
    ((2, 2), 2_048),
    ((2,), 5_003),
)
OTHER_LENGTHS_OF_VARIANTS = 17, 64, 192, 257, 1_024, 1_500, 4_128
GROUPS = 17, 64  # lengths of a letter that a variant has beside a multiple of it, such as heads of keys
# One axis of a length beside which all others, and the rows, have another: short ones as of a vector, and long ones.
# Where the others are of length 1, one of them in turn has a few: a row times a matrix, say.
ALONE, FEW_OF_OTHER = ((1, 67), (1, 257), (5_000, 1), (301, 20), (128, 32)), 3
EVEN = 32  # of every axis, where products have terms of several magnitudes
# The most elements of an array, and of one that the oracle computes as a whole, where no elements are known to be
# neutral: in float64 it computes with exact numbers one by one.
LARGEST, LARGEST_WHOLE, LARGEST_EXACT = 2**19, 200_000, 60_000
# So many times larger an array may be that the formula makes on its way, such as that of all pairs of 400 places, of 12
# rows: the largest takes seconds.
BETWEEN = 11
# Where an array's elements stand for themselves: no pair has more, but one array, and one of a formula of one argument.
MOST_ELEMENTS, MANY, VERY_MANY = 25_000, 70_001, 2**20 + 25
MOST_ELEMENTS_OF_A_LINE = 1_000  # of a function that is a part of another one, such as a line of Adam

# What numbers of a function of each element are multiplied by, every second one; the last makes them subnormal.
FACTORS = 4.0, 30.0, 100.0, 1e3, 1e-3, 0.0
USUAL_RANGE = 120  # beyond which functions are flat, or overflow
# Matrices with rows of zeros.
ROWS_OF_ZEROS = 5, 6
# How many compact elements there are of a letter: rows of a batch, or numbers of what is elementwise; columns.
ROWS, NUMBERS, COLUMNS = 12, 61, 40

# Batches and a length for which the axis is each of these.
AXES: tuple[tuple[tuple[int, ...], int, tuple[int, ...]], ...] = (
    ((4,), 4, (0, 1, -1, -2)),
    ((4,), 2, (0,)),
    ((1_201,), 20, (0,)),
    ((2, 3), 4, (0, 1, -2, -3)),
    ((3, 2, 5), 4, (0, 1, 2, 3, -2, -3, -4)),
    ((2, 1, 3, 2), 4, (0, 1, 2, -2)),
    ((), 4_099, (0,)),
    ((5,), 103, (0,)),
    ((3, 3), 5, (0, 1)),
    ((3, 41), 300, (-2,)),
    ((2, 1_100), 5, (1,)),
    ((2, 1, 2, 3, 2), 3, (0, 3)),
    ((64,), 128, (0,)),
    ((1, 1), 3, (0,)),
    ((2,), 5_000, (0,)),
    ((2, 2), 1_100, (1,)),
    ((70,), 130, (0,)),  # both sides beyond blocks of 64
    ((1, 65_540), 2, (1,)),  # more places behind it than a grid has blocks
)
# A batch and two lengths, of integers: corners and tails of tiles, offsets, transposes, sizes that are multiples of 8.
TILES: tuple[Shape, ...] = (
    ((131,), 67, 129),
    ((8,), 8, 8),
    ((3,), 33, 33),
    ((67,), 131, 131),
    ((64,), 64, 64),
    ((2, 3, 4), 5, 2),
    ((2, 1, 2, 7), 5, 4),  # a mean of 3 or 5 numbers, times 3 or 5, is their exact sum
    ((5, 1), 7, 32),
)
# Of a long sum of which few terms are not neutral: the number of these in each row, the rows and columns, the lengths.
FEW = (1, 20, (1_024,)), (1, 4, (16_384, 65_600)), (8, 4, (1_024, 65_600))
# Of memory layouts: a batch, and two lengths. All the same, so that a square matrix is taken for its transpose; one
# row; by the number of letters, rows of whole vectors and blocks, which kernels read in another way; and of variants.
SQUARE: Shape = (9,), 9, 9
ONE_ROW: Shape = (), 248, 24
ROW_BY_SQUARE: Shape = (), 9, 9
NARROW: Shape = (5,), 3, 3
LONG_ROWS: tuple[Shape, ...] = (
    ((2, 3), 2_048, 4),
    ((2, 3), 2_048, 4),
    ((2, 2), 128, 128),
    ((2,), 64, 128),
)
OF_VARIANTS: Shape = (2, 3), 6, 5  # and of another axis than the last
OF_OPTIONS: Shape = (2, 3, 4), 6, 5  # of other options
# An axis of length 1: which letter's it is, a batch, the length of the others. The last, a row times a matrix of whole
# vectors, is not made of variants.
THIN: tuple[tuple[int, tuple[int, ...], int], ...] = (0, (2, 3), 6), (-1, (), 6), (0, (), 328)
# Rows and numbers of a row where each element stands for itself; rows, and numbers of each row, or rows of each matrix,
# which one in memory stands for: few of a vector, and many.
EQUAL = ((4, 6), (4, 70)), ((10, 1_025), (800, 5))
EQUAL_IN_ONE = 4, 3  # a batch, along the second axis of which all are equal
EMPTY = (0,), (2, 0, 3)
# A small shape, of everything that is about values.
BATCH, LENGTH = 16, 5
# Lengths of rows whose numbers are hard: of a large mean, which few terms resolve; of several magnitudes, or small;
# special ones.
OFFSET, SCALED, SMALL, SPECIAL = (17, 129, 4_099), (17, 1_025, 8_193), (17, 1_025), 1_025
HARD_ROWS = 9
SPARE = 12  # binary orders below the largest number, so that sums and quotients of large ones are in range
SQUARED = 0.4  # of a dtype's exponents: of such a number the square is in range
ANYWHERE = 9_001  # classes, of which one after the other has the largest logit
SMALL_RISE, SMALL_RISES = 11, 10  # it grows by so many powers of two in turn, from 2^-11 down
MANY_SPECIAL, MANY_ROWS = (3, 1_667), 130  # elements, some of them special; rows, of which one value may reach all

# Places of fixed axes that have a special value in turn, in a row each; and where one value may reach all rows.
PLACES, FEW_PLACES = 64, 9
MORE_LABELS = 67  # each class once, and once more, beyond a block of 64
MORE_CLASSES = 37  # of labels that nearly add up to 1, beyond a vector and a block of 32
# Classes and columns, so that a class times the columns is beyond int8 and int16, but no class is.
TABLE = 120, 600
PAIRED_LABELS = "int64", "int32"
LABEL_DTYPES = "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"
# Labels that another dtype would change, by the number of classes, of which a dtype has no more; and their dtypes.
LABELS = {
    128: (0, 1, 2, 63, 64, 125, 126, 127),
    200: (0, 1, 127, 128, 129, 156, 198, 199),  # of 8 bits, 156 is -100
    256: (0, 1, 127, 128, 129, 156, 254, 255),
    40_000: (0, 255, 256, 32_766, 32_767, 32_768, 39_998, 39_999),
    65_536: (0, 255, 256, 32_767, 32_768, 65_436, 65_534, 65_535),  # of 16 bits, 65_436 is -100
    4_099: (0, 1, 127, 128, 255, 256, 257, 1_023, 2_047, 2_048, 4_095, 4_096, 4_097, 4_098),
    70_001: (0, 255, 32_767, 32_768, 65_535, 65_536, 69_999, 70_000),
}
LABEL_DTYPES_OF = {
    128: ("int8",),
    200: ("uint8",),
    256: ("uint8", "int16"),
    40_000: ("uint16",),
    65_536: ("uint16", "int32"),
    4_099: ("int16", "uint16", "int32", "uint32", "int64", "uint64"),
    70_001: ("int32", "int64"),
}

# Batches, and lengths of each letter, that each option is asked of; and the most elements of an array there. One
# batch has more rows than 8 bits count, one length is beyond blocks of 64 to 1 024.
CROSSED_BATCHES: tuple[tuple[int, ...], ...] = (), (1,), (6,), (3, 3), (2, 3, 4), (2, 1, 3, 2), (300,)
CROSSED_LENGTHS = 1, 2, 5, 8, 67, 5_003
MOST_CROSSED = 5_003
NO_AXES = 1, 5  # lengths in whose place an array has no axes, where each element stands for itself
# The same where nothing may be chosen but the axis, and where arguments have other axes, such as soft labels.
FEW_BATCHES: tuple[tuple[int, ...], ...] = (), (1,), (5,), (3, 3), (2, 3, 2), (300,)
FEW_LENGTHS = 1, 5, 67, 1_100
# One row has exponentials that overflow: of every third array of one row; by so much. Every fourth time one logit is
# -infinity.
ONLY_ROW, BEYOND_EXP, INFINITE = 3, 1.25, 4
CONSTANT = 4  # beside every so many-th call is one with an argument that is 0 or 1
CLEARED = 5  # every so many-th probability is 0
SPOILT, FEWEST_ROWS = 3, 3  # one of so many has NaN at some place; where it has so many rows
# Where three choices meet, since there are so many options: of these the number of each batch, the first lengths, and
# how many values of an option.
MANY_OPTIONS = 3
THREE_BATCHES, SHORT_LENGTHS, VALUES_OF_THREE = (0, 3, 4), 3, 3
# Batches and axes for special values, and the lengths of the letters, which take turns.
ELSEWHERE: tuple[Pair, ...] = ((), -1), ((2, 3), 0), ((2, 1, 3), -2)
ELSEWHERE_LENGTHS = 1, 800, 67
# All axes of one length, and a batch, where there are as many as matrices have; and all of another one, the rows too.
CUBE, LARGE_CUBE = ((2,), 64), 300
# Lengths of the axes where there are as many, each beyond a block of 64 and longer than the one before, and a batch of
# matrices; and of one that is longer, the first for which there is room.
STAIRS, MATRICES = (65, 96, 98, 99, 104), (3,)
LONG = 5_005, 2_050, 1_030
MOST_LONG = 320_000  # elements of an array there
LAST = 8  # by which the last of what is added up is larger in some cases

# Of a count: steps that a number of 8, 15 or 24 bits would not hold; the one after the last is the last of int32.
# LATER: where a mean of 1 000 steps is not yet one.
LATER = 2_500
COUNTS = 3, 0, 1, 255, LATER, 32_767, 65_535, 10**6, 2**24, 2**31 - 2
# Of a hyper-parameter that is an argument: those in its range, the first one usually.
NUMBERS_IN_RANGE = 0.9, 0.0, 0.999, 1e-8, -0.5
# Beside them: parts of a range between its ends, and distances from the one end where the other is infinite.
PARTS_OF_RANGE, FROM_ONE_END = (0.25, 0.5, 0.75), (1.75, 40.0)
# Of a keyword without values of its own: how many beside the default, and by which part a result has to change, or at
# least where no value changes as much: still a hundred roundings of float32.
OTHER_VALUES, NOTICED, LITTLE = 2, 1 / 64, 2.0**-17

RANDOM = 3  # cases of a seed
