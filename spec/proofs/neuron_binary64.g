# neuron.value, neuron.subnormal: x w + b in binary64, each operation rounded. Overflow aside, no range is assumed.
# Hence |y - Y| <= g_2 |x w| + g_1 |b| + (1 + g_1) omega, whatever the signs, as y = (x w (1 + d) + b) (1 + d') with the
# d of the first claim, or (x w + e + b) (1 + d') with the e of the second where x w underflows.
@double = float<ieee_64, ne>;

x = double(any_x);  w = double(any_w);  b = double(any_b);
small_x = double(any_small_x);  small_w = double(any_small_w);

# What is computed, and what is meant, over the reals.
product double= x * w;  PRODUCT = x * w;
subnormal double= small_x * small_w;  SUBNORMAL = small_x * small_w;
y double= product + b;  Y = PRODUCT + b;

# The last claim, 2 u + u^2, is for terms that do not cancel.
{
  |PRODUCT| in [1b-1021, 1b1024] /\ |SUBNORMAL| in [0, 1b-1021]
->
  |product -/ PRODUCT| <= 1b-53 /\
  |subnormal - SUBNORMAL| <= 1b-1075 /\
  |y -/ (product + b)| <= 1b-53 /\
  (PRODUCT in [1b-1021, 1b1024] /\ b in [0, 1b1024] -> |y -/ Y| <= 18014398509481985b-106)
}
