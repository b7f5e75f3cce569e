"""The two other meanings of an array, exact and bounded, and the model of rounding that the bounds follow from."""
