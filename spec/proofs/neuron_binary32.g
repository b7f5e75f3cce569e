# neuron.value, neuron.subnormal: x w + b in binary32, each operation rounded. Overflow aside, no range is assumed.
# Hence |y - Y| <= g_2 |x w| + g_1 |b| + (1 + g_1) omega, whatever the signs, as y = (x w (1 + d) + b) (1 + d') with the
# d of the first claim, or (x w + e + b) (1 + d') with the e of the second where x w underflows.
@single = float<ieee_32, ne>;

x = single(any_x);  w = single(any_w);  b = single(any_b);
small_x = single(any_small_x);  small_w = single(any_small_w);

# What is computed, and what is meant, over the reals.
product single= x * w;  PRODUCT = x * w;
subnormal single= small_x * small_w;  SUBNORMAL = small_x * small_w;
y single= product + b;  Y = PRODUCT + b;

# The last claim, 2 u + u^2, is for terms that do not cancel.
{
  |PRODUCT| in [1b-125, 1b128] /\ |SUBNORMAL| in [0, 1b-125]
->
  |product -/ PRODUCT| <= 1b-24 /\
  |subnormal - SUBNORMAL| <= 1b-150 /\
  |y -/ (product + b)| <= 1b-24 /\
  (PRODUCT in [1b-125, 1b128] /\ b in [0, 1b128] -> |y -/ Y| <= 33554433b-48)
}
