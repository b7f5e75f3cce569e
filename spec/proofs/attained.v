(* soundness.v: its bounds cannot be made smaller. Admissible results reach those of +, *, exp and astype, and come as
   close as one likes to that of a sum of any length.

   Not shown attained: those of /, matmul, log, expm1, sqrt, max and where. *)

Require Import Reals Lra Lia List Permutation.
Require Import rounding rules soundness.
Import ListNotations.
Open Scope R_scope.

Section Attained.
Variable M : Model.
Hypothesis ok : valid M.
Hypothesis no_flush : flushes M = false.
Hypothesis no_accumulator : accumulates M = false.
Hypothesis full_precision : factor M = 0.

Definition attained (t : expr) := exists v, adm M t v /\ Rabs (v - exact t) = bound M t.

Lemma input_above a e : 0 <= e -> adm M (Input a e) (a + e).
Proof. intros H. apply adm_input. rewrite Rabs_pos_eq; lra. Qed.

Lemma not_flushed : flushed M = 0.
Proof. unfold flushed. now rewrite no_flush. Qed.

Lemma not_coarse a e : coarse M a e = e.
Proof. unfold coarse. destruct (Req_EM_T (factor M) 0); [reflexivity|contradiction]. Qed.

Lemma kept x : keeps M x x.
Proof. unfold keeps. destruct (Req_EM_T (factor M) 0); [reflexivity|contradiction]. Qed.

(* An addition of terms with errors, rounded upwards. *)
Theorem add_attained a b e f : 0 <= a -> 0 <= b -> 0 <= e -> 0 <= f -> attained (Add (Input a e) (Input b f)).
Proof.
  intros Ha Hb He Hf. pose proof (gamma_nonneg M ok 1). set (s := (a + e) + (b + f)).
  assert (0 <= gamma M 1 * s) by (apply Rmult_le_pos; unfold s; lra).
  exists (s + gamma M 1 * s). split.
  - apply adm_add with (a + e) (b + f); [now apply input_above..|].
    left. fold s. fold (gamma M 1). rewrite (Rabs_pos_eq s) by (unfold s; lra). rewrite Rabs_pos_eq; lra.
  - cbn [bound exact]. unfold add_bound, rounded. rewrite not_flushed, (Rabs_pos_eq (a + b)) by lra.
    rewrite Rabs_pos_eq by (unfold s in *; lra). unfold s. ring.
Qed.

(* A product of factors with errors, rounded upwards, and what underflow may cost. *)
Theorem mul_attained a b e f : 0 <= a -> 0 <= b -> 0 <= e -> 0 <= f -> attained (Mul (Input a e) (Input b f)).
Proof.
  intros Ha Hb He Hf. pose proof (losses M ok). pose proof (gamma_nonneg M ok 1).
  assert (0 <= a * b /\ 0 <= a * f /\ 0 <= b * e /\ 0 <= e * f) as (? & ? & ? & ?)
    by (repeat split; apply Rmult_le_pos; lra).
  set (s := (a + e) * (b + f)). assert (Es : s = a * b + (a * f + b * e + e * f)) by (unfold s; ring).
  assert (0 <= gamma M 1 * s) by (apply Rmult_le_pos; lra).
  exists (s + gamma M 1 * s + underflow M). split.
  - apply adm_mul with (a + e) (b + f) (a + e) (b + f); [now apply input_above..|apply kept|apply kept|].
    unfold rounds_small. fold s. fold (gamma M 1). rewrite (Rabs_pos_eq s) by lra. rewrite Rabs_pos_eq; lra.
  - cbn [bound exact]. unfold mul_bound, product_error, rounded. rewrite !not_coarse.
    rewrite (Rabs_pos_eq a), (Rabs_pos_eq b), (Rabs_pos_eq (a * b)) by lra.
    rewrite Rabs_pos_eq by lra. rewrite Es. ring.
Qed.

(* A sum of n + 1 terms, none of which is 0: 1, and n times d, each addition rounded upwards. The smaller d, the closer
   is what comes out to its bound. *)

Section Approached.
Variable d : R.
Hypothesis positive : 0 < d.
Let terms i := match i with O => 1 | S _ => d end.

Lemma terms_positive i : 0 < terms i.
Proof. destruct i; simpl; lra. Qed.

Lemma sum_of_terms n : sum_f_R0 terms n = 1 + INR n * d.
Proof. induction n as [|n IH]; [simpl; ring|]. rewrite tech5, IH, S_INR. simpl. ring. Qed.

Lemma upwards n : exists s, tree M terms (seq 0 (S n)) s /\ 1 + gamma_of_sum M n + INR n * d <= s.
Proof.
  induction n as [|n (s & T & L)].
  - exists (terms 0). split; [apply leaf|]. unfold gamma_of_sum. rewrite growth_0. simpl. lra.
  - pose proof (gamma_of_sum_nonneg M ok n). pose proof (gamma_of_sum_nonneg M ok 1) as G. pose proof (pos_INR n).
    assert (0 <= INR n * d) by (apply Rmult_le_pos; lra).
    assert (0 <= gamma_of_sum M 1 * (s + d)) by (apply Rmult_le_pos; lra).
    exists (s + d + gamma_of_sum M 1 * (s + d)). split.
    + rewrite seq_S. apply node with (1 := T) (2 := leaf M terms _). left. simpl terms.
      fold (gamma_of_sum M 1). rewrite !Rabs_pos_eq by lra. lra.
    + replace (gamma_of_sum M (S n)) with ((1 + gamma_of_sum M 1) * (1 + gamma_of_sum M n) - 1)
        by (unfold gamma_of_sum; rewrite growth_step; ring).
      assert (gamma_of_sum M 1 * (1 + gamma_of_sum M n) <= gamma_of_sum M 1 * (s + d))
        by (apply Rmult_le_compat_l; lra).
      rewrite S_INR. lra.
Qed.

Theorem sum_approached n : let t := Sum (fun i => Input (terms i) 0) n in
  exists v, adm M t v /\ bound M t <= (1 + INR n * d) * Rabs (v - exact t).
Proof.
  destruct (upwards n) as (s & T & L). exists s. split.
  - apply adm_sum with terms (seq 0 (S n)) s; [|reflexivity|exact T|].
    + intros i _. apply adm_input. rewrite Rminus_diag_eq, Rabs_R0; lra.
    + unfold rounds_sum. now rewrite no_accumulator.
  - cbn [bound exact]. unfold sum_bound, accumulated. rewrite no_accumulator, not_flushed.
    change (fun i => terms i) with terms. pose proof (gamma_of_sum_nonneg M ok n). pose proof (pos_INR n).
    rewrite (sum_eq (fun i => Rabs (terms i)) terms) by (intros i _; apply Rabs_pos_eq; left; apply terms_positive).
    replace (sum_f_R0 (fun _ => 0) n) with 0 by (rewrite sum_cte; ring). rewrite sum_of_terms in *.
    assert (0 <= INR n * d) by (apply Rmult_le_pos; lra). rewrite Rabs_pos_eq by lra.
    assert ((1 + INR n * d) * gamma_of_sum M n <= (1 + INR n * d) * (s - (1 + INR n * d)))
      by (apply Rmult_le_compat_l; lra). lra.
Qed.
End Approached.

(* exp near 0, by exp2. *)
Theorem exp_attained e : 0 < e -> e + 2 * inner_unit M * e < 1 -> 4 * smallest_normal M <= 1 ->
  attained (Exp (Input 0 e)).
Proof.
  intros He Hd Hn. pose proof (inner_range M ok) as Hi. pose proof (exp_range M ok) as Ha.
  pose proof (subnormal_range M ok). assert (0 <= inner_unit M * e) by (apply Rmult_le_pos; lra).
  set (z := e + 2 * inner_unit M * e) in *. pose proof (exp_ineq1 z ltac:(unfold z; lra)).
  set (k := 2 * exp_ulp M * unit_roundoff M) in *.
  assert (0 <= k * exp z) by (apply Rmult_le_pos; [lra|left; apply exp_pos]).
  exists (exp z + k * exp z). split.
  - apply adm_exp with e z.
    + rewrite <- (Rplus_0_l e) at 2. apply input_above. lra.
    + unfold z. rewrite (Rabs_pos_eq e), Rabs_pos_eq; lra.
    + unfold library. fold k. destruct Rlt_dec; [exfalso; unfold z in *; lra|].
      rewrite (Rabs_pos_eq (exp z)), Rabs_pos_eq; lra.
    + intros ->. lra.
  - cbn [bound exact]. unfold exp_bound, elementary. fold k. rewrite exp_0, !Rabs_R0, !Rplus_0_l. fold z.
    destruct Req_EM_T; [|lra]. destruct Req_EM_T; [lra|].
    destruct (Rlt_dec z 1); [|lra]. destruct (Rlt_dec 1 (4 * smallest_normal M)); [lra|].
    rewrite Rabs_R1, Rabs_pos_eq; [ring|unfold z in *; lra].
Qed.

(* A cast, rounded upwards. *)
Theorem astype_attained u loss a e : 0 <= u < 1 -> 0 <= loss -> 0 < a -> 0 <= e -> attained (Cast u loss (Input a e)).
Proof.
  intros U L A E. pose proof (growth_nonneg u U 1). set (s := a + e).
  assert (0 <= growth u 1 * s) by (apply Rmult_le_pos; unfold s; lra).
  exists (s + growth u 1 * s + loss). split.
  - apply adm_cast with s; [now apply input_above| |unfold s; lra].
    rewrite (Rabs_pos_eq s) by (unfold s; lra). rewrite Rabs_pos_eq; lra.
  - cbn [bound exact]. unfold astype_bound. destruct Req_EM_T; [lra|].
    rewrite (Rabs_pos_eq a) by lra. rewrite Rabs_pos_eq by (unfold s in *; lra). unfold s. ring.
Qed.

(* So any other sound bound is at least as large there: half of this one, say, is not sound. *)
Theorem no_smaller (other : expr -> R) : (forall t v, adm M t v -> finite M t -> Rabs (v - exact t) <= other t) ->
  forall t, finite M t -> attained t -> bound M t <= other t.
Proof. intros H t F (v & A & <-). now apply H. Qed.
End Attained.
