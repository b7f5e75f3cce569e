(* soundness.v: the model of rounding that it speaks of. It is that of conformance/arithmetic/rounding.py. *)

Require Import Reals Lra Lia.
Open Scope R_scope.

(* rounding.Model, under the names that the code has. *)
Record Model := {
  unit_roundoff : R;
  inner_unit : R; (* the unit roundoff of sums, and of the insides of functions *)
  accumulates : bool; (* whether sums have a wider accumulator, so that their results are rounded to the format *)
  smallest_normal : R;
  smallest_subnormal : R;
  flushes : bool; (* whether subnormal results may become 0 *)
  division : nat; (* roundings of a quotient: 2 where it may be made by a reciprocal *)
  factor : R; (* what each factor of a product may be off by, relatively, before it is multiplied *)
  exp_ulp : R; expm1_ulp : R; log_ulp : R; sqrt_ulp : R (* the accuracy of the functions, in ulp *)
}.

Record valid (M : Model) : Prop := {
  unit_range : 0 <= unit_roundoff M < 1;
  inner_range : 0 <= inner_unit M <= unit_roundoff M;
  subnormal_range : 0 <= smallest_subnormal M <= smallest_normal M;
  division_range : (1 <= division M)%nat;
  factor_range : 0 <= factor M;
  exp_range : 0 <= 2 * exp_ulp M * unit_roundoff M <= 1;
  exp_underflow_range : 0 <= exp_ulp M * smallest_subnormal M <= smallest_normal M;
  ulp_range : 0 <= exp_ulp M /\ 0 <= expm1_ulp M /\ 0 <= log_ulp M /\ 0 <= sqrt_ulp M
}.

(* Absolute values. *)

Lemma triangle x y z : Rabs (x - z) <= Rabs (x - y) + Rabs (y - z).
Proof. split_Rabs; lra. Qed.

Lemma near x a e : Rabs (x - a) <= e -> Rabs x <= Rabs a + e.
Proof. split_Rabs; lra. Qed.

Lemma within x e : Rabs x <= e -> - e <= x <= e.
Proof. split_Rabs; lra. Qed.

Lemma error_nonneg x a e : Rabs (x - a) <= e -> 0 <= e.
Proof. split_Rabs; lra. Qed.

Lemma without_error x a : Rabs (x - a) <= 0 -> x = a.
Proof. split_Rabs; lra. Qed.

Lemma from_zero x : Rabs (0 - x) = Rabs x.
Proof. rewrite <- Rabs_Ropp. f_equal. ring. Qed.

(* What k roundings with the unit roundoff u do to a number, relatively. *)

Definition growth (u : R) (k : nat) := (/ (1 - u)) ^ k - 1.

Section Growth.
Variable u : R.
Hypothesis range : 0 <= u < 1.

Lemma power_ge_1 k : 1 <= (/ (1 - u)) ^ k.
Proof. apply pow_R1_Rle. rewrite <- Rinv_1 at 1. apply Rinv_le_contravar; lra. Qed.

Lemma growth_nonneg k : 0 <= growth u k.
Proof. unfold growth. pose proof (power_ge_1 k). lra. Qed.

Lemma growth_monotone j k : (j <= k)%nat -> growth u j <= growth u k.
Proof.
  intros H. unfold growth. pose proof (power_ge_1 1) as Q. rewrite pow_1 in Q.
  pose proof (Rle_pow (/ (1 - u)) j k Q H). lra.
Qed.

Lemma growth_0 : growth u 0 = 0.
Proof. unfold growth. simpl. ring. Qed.

Lemma growth_step k : (1 + growth u 1) * (1 + growth u k) = 1 + growth u (S k).
Proof. unfold growth. simpl. ring. Qed.

(* One rounding: u (1 + growth 1) = growth 1. *)
Lemma growth_1 : growth u 1 = u + u * growth u 1.
Proof. unfold growth. rewrite pow_1. field. lra. Qed.

(* The standard model of rounding has two forms. Either is within `growth u 1`. *)
Lemma standard_model x v : Rabs (v - x) <= u * Rabs x -> Rabs (v - x) <= growth u 1 * Rabs x.
Proof.
  intros H. eapply Rle_trans; [exact H|]. apply Rmult_le_compat_r; [apply Rabs_pos|].
  pose proof growth_1. pose proof (growth_nonneg 1). nra.
Qed.

Lemma standard_model' x v : Rabs (v - x) <= u * Rabs v -> Rabs (v - x) <= growth u 1 * Rabs x.
Proof.
  intros H. assert (L : Rabs v * (1 - u) <= Rabs x) by (revert H; split_Rabs; nra).
  pose proof growth_1 as G. pose proof (growth_nonneg 1). eapply Rle_trans; [exact H|].
  assert (E : growth u 1 * (1 - u) = u) by lra.
  rewrite <- E at 1. rewrite Rmult_assoc, (Rmult_comm (1 - u)). now apply Rmult_le_compat_l.
Qed.

(* gamma k in the usual notation: (1 - u)^-k - 1. *)
Lemma growth_formula k : growth u k = / (1 - u) ^ k - 1.
Proof. unfold growth. now rewrite pow_inv. Qed.
End Growth.

Lemma growth_of_less u w k : 0 <= u <= w -> w < 1 -> growth u k <= growth w k.
Proof.
  intros H L. unfold growth. enough ((/ (1 - u)) ^ k <= (/ (1 - w)) ^ k) by lra.
  apply pow_incr. split; [left; apply Rinv_0_lt_compat; lra|]. apply Rinv_le_contravar; lra.
Qed.

(* One operation. *)

Section Arithmetic.
Variable M : Model.

(* Model.gamma, Model.gamma_of_sum *)
Definition gamma (k : nat) := growth (unit_roundoff M) k.
Definition gamma_of_sum (k : nat) := growth (inner_unit M) k.

(* What a product or quotient may lose by underflow; what any other operation may lose; what exp may lose. *)
Definition underflow := if flushes M then smallest_normal M else smallest_subnormal M.
Definition flushed := if flushes M then smallest_normal M else 0.
Definition exp_underflow := if flushes M then smallest_normal M else exp_ulp M * smallest_subnormal M.

(* v is x rounded. A sum does not underflow, but may be flushed; a product or quotient may underflow. v need not be a
   floating-point number: an exact one, as within a fused multiply-add, and one of a wider format are admitted too. *)
Definition rounds (u x v : R) := Rabs (v - x) <= growth u 1 * Rabs x \/ v = 0 /\ Rabs x <= flushed.
Definition rounds_small (u x v : R) := Rabs (v - x) <= growth u 1 * Rabs x + underflow.

(* v is what a library function returns for y, if it is good to so many ulp: 1 ulp is at most 2 u, relatively. *)
Definition library (ulp loss y v : R) := Rabs (v - y) <= 2 * ulp * unit_roundoff M * Rabs y + loss.

Hypothesis ok : valid M.

Lemma gamma_nonneg k : 0 <= gamma k.
Proof. apply growth_nonneg, (unit_range M ok). Qed.

Lemma inner_lt_1 : 0 <= inner_unit M < 1.
Proof. pose proof (inner_range M ok). pose proof (unit_range M ok). lra. Qed.

Lemma gamma_of_sum_nonneg k : 0 <= gamma_of_sum k.
Proof. apply growth_nonneg, inner_lt_1. Qed.

Lemma losses : 0 <= flushed <= underflow.
Proof. unfold flushed, underflow. pose proof (subnormal_range M ok). destruct (flushes M); lra. Qed.

Lemma exp_loss : 0 <= exp_underflow <= smallest_normal M.
Proof.
  unfold exp_underflow. pose proof (subnormal_range M ok). pose proof (exp_underflow_range M ok).
  destruct (flushes M); lra.
Qed.

Lemma rounds_le u x v : 0 <= u < 1 -> rounds u x v -> Rabs (v - x) <= growth u 1 * Rabs x + flushed.
Proof.
  intros U [H|[-> H]]; pose proof losses; [lra|]. rewrite from_zero.
  pose proof (growth_nonneg u U 1). pose proof (Rabs_pos x). nra.
Qed.
End Arithmetic.
