# adam.first_moment, adam.second_moment, adam.update, adam.epsilon: one step in binary32, each operation rounded.
# For any t, in which c1 and c2, the bias corrections, are good to the 6 u that the page charges. m and v may be 0, as
# before the first step; where they are not, nothing underflows. m and g have one sign: else the bound of m' is not
# relative to it.
@double = float<ieee_64, ne>;
@single = float<ieee_32, ne>;

# The hyper-parameters are the reals that their binary64 arguments denote, and each is cast once.
BETA1 = double(0.9);  beta1 = single(BETA1);  alpha1 = single(double(1 - BETA1));
BETA2 = double(0.999);  beta2 = single(BETA2);  alpha2 = single(double(1 - BETA2));
RATE = double(0.001);  rate = single(RATE);
EPSILON = double(1e-8);  epsilon = single(EPSILON);

theta = single(any_theta);  grad = single(any_grad);
m = single(any_m);  v = single(any_v);
c1 = single(any_c1);  c2 = single(any_c2);

# What is computed: `single=` rounds each operation.
beta1_m single= beta1 * m;
beta2_v single= beta2 * v;
m1 single= beta1_m + alpha1 * grad;
v1 single= beta2_v + alpha2 * (grad * grad);
step single= rate * ((m1 / c1) / (sqrt(v1 / c2) + epsilon));
theta1 single= theta - step;

# What is meant, over the reals.
M1 = BETA1 * m + (1 - BETA1) * grad;
V1 = BETA2 * v + (1 - BETA2) * (grad * grad);
STEP = RATE * ((M1 / C1) / (sqrt(V1 / C2) + EPSILON));

{
  grad in [1b-40, 1b20] /\ m in [0, 1b20] /\ v in [0, 1b40] /\
  beta1_m -/ (beta1 * m) in [-1b-24, 1b-24] /\ beta2_v -/ (beta2 * v) in [-1b-24, 1b-24] /\
  C1 in [0.09, 1] /\ c1 -/ C1 in [-6b-24, 6b-24] /\
  C2 in [0.0009, 1] /\ c2 -/ C2 in [-6b-24, 6b-24]
->
  |m1 -/ M1| <= 4b-24 /\
  |v1 -/ V1| <= 4b-24 /\
  |step -/ STEP| <= 39b-25 /\
  |theta1 -/ (theta - step)| <= 1b-24
}
