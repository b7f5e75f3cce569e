# adam.first_moment, adam.second_moment, adam.update, adam.epsilon: one step in binary64, each operation rounded.
# For any t, in which c1 and c2, the bias corrections, are good to the 6 u that the page charges. m and v may be 0, as
# before the first step; where they are not, nothing underflows. m and g have one sign: else the bound of m' is not
# relative to it.
@double = float<ieee_64, ne>;

# The hyper-parameters are the reals that their binary64 arguments denote, and a cast does nothing.
BETA1 = double(0.9);  beta1 = double(BETA1);  alpha1 = double(double(1 - BETA1));
BETA2 = double(0.999);  beta2 = double(BETA2);  alpha2 = double(double(1 - BETA2));
RATE = double(0.001);  rate = double(RATE);
EPSILON = double(1e-8);  epsilon = double(EPSILON);

theta = double(any_theta);  grad = double(any_grad);
m = double(any_m);  v = double(any_v);
c1 = double(any_c1);  c2 = double(any_c2);

# What is computed: `double=` rounds each operation.
beta1_m double= beta1 * m;
beta2_v double= beta2 * v;
m1 double= beta1_m + alpha1 * grad;
v1 double= beta2_v + alpha2 * (grad * grad);
step double= rate * ((m1 / c1) / (sqrt(v1 / c2) + epsilon));
theta1 double= theta - step;

# What is meant, over the reals.
M1 = BETA1 * m + (1 - BETA1) * grad;
V1 = BETA2 * v + (1 - BETA2) * (grad * grad);
STEP = RATE * ((M1 / C1) / (sqrt(V1 / C2) + EPSILON));

{
  grad in [1b-40, 1b20] /\ m in [0, 1b20] /\ v in [0, 1b40] /\
  beta1_m -/ (beta1 * m) in [-1b-53, 1b-53] /\ beta2_v -/ (beta2 * v) in [-1b-53, 1b-53] /\
  C1 in [0.09, 1] /\ c1 -/ C1 in [-6b-53, 6b-53] /\
  C2 in [0.0009, 1] /\ c2 -/ C2 in [-6b-53, 6b-53]
->
  |m1 -/ M1| <= 4b-53 /\
  |v1 -/ V1| <= 4b-53 /\
  |step -/ STEP| <= 39b-54 /\
  |theta1 -/ (theta - step)| <= 1b-53
}
