# neuron.value, neuron.subnormal: x w + b in binary64 with fused multiply-add: one rounding, even where terms cancel.
@double = float<ieee_64, ne>;

x = double(any_x);  w = double(any_w);  b = double(any_b);
small_x = double(any_small_x);  small_w = double(any_small_w);  small_b = double(any_small_b);

# What is computed, and what is meant, over the reals.
y = double(x * w + b);  Y = x * w + b;
subnormal = double(small_x * small_w + small_b);  SUBNORMAL = small_x * small_w + small_b;

{
  |Y| in [1b-1021, 1b1024] /\ |SUBNORMAL| in [0, 1b-1021]
->
  |y -/ Y| <= 1b-53 /\
  |subnormal - SUBNORMAL| <= 1b-1075
}
