# neuron.value, neuron.subnormal: x w + b in binary32 with fused multiply-add: one rounding, even where terms cancel.
@single = float<ieee_32, ne>;

x = single(any_x);  w = single(any_w);  b = single(any_b);
small_x = single(any_small_x);  small_w = single(any_small_w);  small_b = single(any_small_b);

# What is computed, and what is meant, over the reals.
y = single(x * w + b);  Y = x * w + b;
subnormal = single(small_x * small_w + small_b);  SUBNORMAL = small_x * small_w + small_b;

{
  |Y| in [1b-125, 1b128] /\ |SUBNORMAL| in [0, 1b-125]
->
  |y -/ Y| <= 1b-24 /\
  |subnormal - SUBNORMAL| <= 1b-150
}
