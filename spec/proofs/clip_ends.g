# categorical_cross_entropy.clip, categorical_cross_entropy_vjp.clip: why the ends of the clip go by the dtype. The
# source's are 1e-15 and 1 - 1e-15: rounded, the upper end is 1 but in binary64, and the lower one 0 in binary16.
@binary64 = float<ieee_64, ne>;
@binary32 = float<ieee_32, ne>;
@bfloat16 = float<8, -133, ne>;
@binary16 = float<11, -24, ne>;

LOWER = 1e-15;
UPPER = 1 - 1e-15;

{
  binary32(UPPER) in [1, 1] /\ bfloat16(UPPER) in [1, 1] /\ binary16(UPPER) in [1, 1] /\
  binary64(UPPER) - 1 in [-1b-49, -1b-50] /\
  binary16(LOWER) in [0, 0] /\
  binary32(LOWER) in [1b-50, 1b-49] /\ bfloat16(LOWER) in [1b-50, 1b-49]
}
