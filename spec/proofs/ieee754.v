(* soundness.v: the arithmetic of IEEE 754 keeps to its model, by Flocq: binary32 and binary64, rounded to nearest.

   Ties may go either way. Overflow is excluded. *)

Require Import Reals ZArith Lra Lia.
From Flocq Require Import Core Relative Plus_error.
Require Import rounding.
Open Scope R_scope.

(* A format of p bits whose numbers are multiples of 2^emin, the smallest subnormal number. *)
Section Format.
Variables p emin : Z.
Hypothesis p_range : (0 < p)%Z.
Context {p_ok : Prec_gt_0 p}.
Variable choice : Z -> bool.
Notation format := (generic_format radix2 (FLT_exp emin p)).
Notation round := (round radix2 (FLT_exp emin p) (Znearest choice)).

Definition u := bpow radix2 (- p).

Lemma u_of_flocq : u_ro radix2 p = u.
Proof. unfold u_ro, u. rewrite bpow_plus. change (bpow radix2 1) with 2. lra. Qed.

Lemma u_pos : 0 < u.
Proof. apply bpow_gt_0. Qed.

Lemma below_u eps : Rabs eps <= u_ro radix2 p / (1 + u_ro radix2 p) -> Rabs eps <= u.
Proof.
  rewrite u_of_flocq. intros H. pose proof u_pos. eapply Rle_trans; [exact H|].
  apply Rmult_le_reg_r with (1 + u); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

(* Any operation may lose half of the smallest subnormal number. *)
Theorem operation x : Rabs (round x - x) <= u * Rabs x + / 2 * bpow radix2 emin.
Proof.
  destruct (relative_error_N_FLT'_ex radix2 emin p p_ok choice x) as (eps & eta & He & Ht & _ & ->).
  apply below_u in He. replace (x * (1 + eps) + eta - x) with (eps * x + eta) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult. pose proof (Rabs_pos x).
  apply Rplus_le_compat; [now apply Rmult_le_compat_r|assumption].
Qed.

(* An addition or subtraction loses nothing by underflow. *)
Theorem addition x y : format x -> format y -> Rabs (round (x + y) - (x + y)) <= u * Rabs (x + y).
Proof.
  intros Fx Fy. destruct (FLT_plus_error_N_ex radix2 emin p choice x y Fx Fy) as (eps & He & ->).
  apply below_u in He. replace ((x + y) * (1 + eps) - (x + y)) with (eps * (x + y)) by ring.
  rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|assumption].
Qed.

(* Rounding keeps the sign: what bounded.py calls `nonnegative` has no negative result. *)
Theorem sign_kept x : 0 <= x -> 0 <= round x.
Proof. intros H. apply round_ge_generic; auto with typeclass_instances. apply generic_format_0. Qed.

Variable M : Model.
Hypothesis ok : valid M.
Hypothesis same_unit : unit_roundoff M = u.
Hypothesis same_underflow : bpow radix2 emin <= underflow M.

Theorem addition_admitted x y : format x -> format y -> rounds M (unit_roundoff M) (x + y) (round (x + y)).
Proof.
  left. apply standard_model; [exact (unit_range M ok)|]. rewrite same_unit. now apply addition.
Qed.

Theorem product_admitted x : rounds_small M (unit_roundoff M) x (round x).
Proof.
  unfold rounds_small. pose proof (operation x) as H. rewrite <- same_unit in H. pose proof (Rabs_pos x).
  pose proof (growth_1 _ (unit_range M ok)). pose proof (growth_nonneg _ (unit_range M ok) 1).
  pose proof (unit_range M ok). pose proof (bpow_gt_0 radix2 emin).
  assert (unit_roundoff M * Rabs x <= growth (unit_roundoff M) 1 * Rabs x) by (apply Rmult_le_compat_r; [lra|nra]).
  lra.
Qed.

(* exp by exp2: the argument is scaled, x c (1 + a) (1 + b), by a rounded product with a rounded constant. *)
Theorem two_roundings x a b : Rabs a <= u / (1 + u) -> Rabs b <= u / (1 + u) ->
  Rabs (x * (1 + a) * (1 + b) - x) <= 2 * u * Rabs x.
Proof.
  intros Ha Hb. replace (x * (1 + a) * (1 + b) - x) with ((a + b + a * b) * x) by ring.
  rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|]. pose proof u_pos.
  set (d := u / (1 + u)) in *.
  assert (D : d * (1 + u) = u) by (unfold d; field; lra).
  assert (0 <= d) by (pose proof (Rabs_pos a); lra).
  assert (Rabs (a * b) <= d * d) by (rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos).
  pose proof (Rabs_triang (a + b) (a * b)). pose proof (Rabs_triang a b).
  assert (d <= u) by nra. assert (d * d <= d * u) by (apply Rmult_le_compat_l; lra). lra.
Qed.
End Format.

(* rounding.MODELS: p bits, the smallest normal number 2^-e, sums in inner bits. *)
Definition model (p inner e subnormal exp_ulp log_ulp expm1_ulp : nat) (wide flush : bool) (factor : R) := {|
  unit_roundoff := / 2 ^ p; inner_unit := / 2 ^ inner; accumulates := wide;
  smallest_normal := / 2 ^ e; smallest_subnormal := / 2 ^ subnormal; flushes := flush;
  division := 2; factor := factor;
  exp_ulp := INR exp_ulp; expm1_ulp := INR expm1_ulp; log_ulp := INR log_ulp; sqrt_ulp := 1 |}.

Definition float16 := model 11 24 14 24 1 1 1 true false 0. (* its subnormal numbers are normal ones in float32 *)
Definition bfloat16 flush := model 8 24 126 133 1 1 1 true flush 0.
Definition float32 flush factor := model 24 24 126 149 3 4 2 false flush factor.
Definition float64 flush := model 53 53 1022 1074 2 1 2 false flush 0.

Lemma inverse_power a b : (a <= b)%nat -> 0 < / 2 ^ b <= / 2 ^ a.
Proof.
  intros H. split; [apply Rinv_0_lt_compat, pow_lt; lra|].
  apply Rinv_le_contravar; [apply pow_lt; lra|]. apply Rle_pow; [lra|assumption].
Qed.

Lemma model_valid p inner e k exp_ulp log_ulp expm1_ulp wide flush factor :
  (4 <= p <= inner)%nat -> (exp_ulp <= 4)%nat -> 0 <= factor ->
  valid (model p inner e (e + 2 + k) exp_ulp log_ulp expm1_ulp wide flush factor).
Proof.
  intros Hp Ha Hf. pose proof (inverse_power 4 p ltac:(lia)). pose proof (inverse_power p inner ltac:(lia)).
  pose proof (inverse_power e (e + 2 + k) ltac:(lia)).
  assert (0 <= INR exp_ulp <= 4) by (split; [apply pos_INR|]; apply le_INR in Ha; simpl in Ha; lra).
  assert (INR exp_ulp * / 2 ^ (e + 2 + k) <= / 2 ^ e).
  { assert (/ 2 ^ (e + 2 + k) <= / 2 ^ e * / 4).
    { replace (/ 2 ^ e * / 4) with (/ 2 ^ (e + 2)) by (rewrite pow_add; simpl; field; apply pow_nonzero; lra).
      apply inverse_power. lia. }
    nra. }
  assert (0 <= INR exp_ulp * / 2 ^ (e + 2 + k)) by (apply Rmult_le_pos; lra).
  assert (INR exp_ulp * / 2 ^ p <= 4 * / 2 ^ 4) by (apply Rmult_le_compat; lra).
  assert (0 <= INR exp_ulp * / 2 ^ p) by (apply Rmult_le_pos; lra).
  pose proof (pos_INR log_ulp). pose proof (pos_INR expm1_ulp). split; simpl; repeat split; lra || lia.
Qed.

Theorem float16_valid : valid float16.
Proof. apply (model_valid 11 24 14 8); lia || lra. Qed.

Theorem bfloat16_valid flush : valid (bfloat16 flush).
Proof. apply (model_valid 8 24 126 5); lia || lra. Qed.

Theorem float32_valid flush factor : 0 <= factor -> valid (float32 flush factor).
Proof. apply (model_valid 24 24 126 21); lia. Qed.

Theorem float64_valid flush : valid (float64 flush).
Proof. apply (model_valid 53 53 1022 50); lia || lra. Qed.

Lemma bpow_power (k : nat) : bpow radix2 (- Z.of_nat k) = / 2 ^ k.
Proof. rewrite bpow_opp. f_equal. rewrite pow_IZR, <- IZR_Zpower by lia. reflexivity. Qed.

Theorem binary32_admitted choice x y :
  let format := generic_format radix2 (FLT_exp (-149) 24) in
  let nearest := round radix2 (FLT_exp (-149) 24) (Znearest choice) in
  (format x -> format y -> rounds (float32 false 0) (/ 2 ^ 24) (x + y) (nearest (x + y))) /\
  rounds_small (float32 false 0) (/ 2 ^ 24) x (nearest x).
Proof.
  pose proof (float32_valid false 0 ltac:(lra)). pose proof (bpow_power 24). pose proof (bpow_power 149).
  split; intros; [apply (addition_admitted 24 (-149) (p_ok := eq_refl))
    |apply (product_admitted 24 (-149) (p_ok := eq_refl))];
    trivial; symmetry || (right; assumption); trivial.
Qed.

Theorem binary64_admitted choice x y :
  let format := generic_format radix2 (FLT_exp (-1074) 53) in
  let nearest := round radix2 (FLT_exp (-1074) 53) (Znearest choice) in
  (format x -> format y -> rounds (float64 false) (/ 2 ^ 53) (x + y) (nearest (x + y))) /\
  rounds_small (float64 false) (/ 2 ^ 53) x (nearest x).
Proof.
  pose proof (float64_valid false). pose proof (bpow_power 53). pose proof (bpow_power 1074).
  split; intros; [apply (addition_admitted 53 (-1074) (p_ok := eq_refl))
    |apply (product_admitted 53 (-1074) (p_ok := eq_refl))];
    trivial; symmetry || (right; assumption); trivial.
Qed.
