(* neuron.value, dense.value, softmax.value, log_softmax.value, categorical_cross_entropy_from_logits.value,
   sparse_categorical_cross_entropy_from_logits.value: closed forms of the bounds, for any number of terms or classes.

   They hold in any order of evaluation. The formulas are expressions, as the reference writes them. They are those of
   float32 and float64 in full precision, without flushing. Each is shown to have the value that its page defines. *)

Require Import Reals Lra Lia List Permutation.
Require Import rounding rules soundness.
Open Scope R_scope.

Section Formulas.
Variable M : Model.
Hypothesis ok : valid M.
Hypothesis one_format : inner_unit M = unit_roundoff M.
Hypothesis no_accumulator : accumulates M = false.
Hypothesis no_flush : flushes M = false.
Hypothesis full_precision : factor M = 0.
Notation u := (unit_roundoff M).
Notation gamma := (gamma M).
Notation omega := (underflow M). (* the smallest subnormal number *)
Notation adm := (adm M).
Notation bound := (bound M).

Lemma same_gamma k : gamma_of_sum M k = gamma k.
Proof. unfold gamma_of_sum, rounding.gamma. now rewrite one_format. Qed.

Lemma gamma_step k : (1 + gamma 1) * (1 + gamma k) = 1 + gamma (S k).
Proof. apply growth_step. Qed.

Lemma not_flushed : flushed M = 0.
Proof. unfold flushed. now rewrite no_flush. Qed.

Lemma not_coarse a e : coarse M a e = e.
Proof. unfold coarse. destruct (Req_EM_T (factor M) 0); [reflexivity|contradiction]. Qed.

Lemma add_bound_is a e b f : add_bound M a e b f = e + f + gamma 1 * (Rabs (a + b) + (e + f)).
Proof. unfold add_bound, rounded. rewrite not_flushed. ring. Qed.

Lemma sub_bound_is a e b f : sub_bound M a e b f = e + f + gamma 1 * (Rabs (a - b) + (e + f)).
Proof. unfold sub_bound, rounded. rewrite not_flushed. ring. Qed.

Lemma mul_bound_is a e b f : mul_bound M a e b f =
  product_error a e b f + gamma 1 * (Rabs (a * b) + product_error a e b f) + omega.
Proof. unfold mul_bound, rounded. now rewrite !not_coarse. Qed.

Lemma sum_bound_is a e n : sum_bound M a e n =
  sum_f_R0 e n + gamma n * (sum_f_R0 (fun i => Rabs (a i)) n + sum_f_R0 e n).
Proof. unfold sum_bound, accumulated. rewrite no_accumulator, not_flushed, same_gamma. ring. Qed.

Lemma sum_scaled (f g : nat -> R) r n : (forall i, (i <= n)%nat -> f i <= r * g i) -> sum_f_R0 f n <= r * sum_f_R0 g n.
Proof. intros H. rewrite scal_sum. apply sum_Rle. intros i Hi. specialize (H i Hi). lra. Qed.

(* The dense layer, one neuron of n + 1 inputs: the bias is added at the end, or is a term of the sum. *)

Section Dense.
Variables (n : nat) (x w : nat -> R) (b : R).
Let X i := Input (x i) 0.
Let W i := Input (w i) 0.
Let product i := Mul (X i) (W i).
Definition dense := Add (Matmul X W n) (Input b 0).
Definition bias_as_term := Sum (fun i => match i with O => Input b 0 | S j => product j end) (S n).

Let T := sum_f_R0 (fun i => Rabs (x i * w i)) n.
Let closed := gamma (S (S n)) * T + gamma (S n) * Rabs b + (1 + gamma (S n)) * (INR (S n) * omega).

(* One output of matmul is a sum of products. *)
Lemma matmul_is_sum v : adm (Matmul X W n) v -> adm (Sum product n) v.
Proof.
  intros H. inversion H as [| | | | | | | |a' b' n' xs ys x' y' p l s v' Hx Hy Kx Ky P L T' R| | | | | | |]. subst.
  apply adm_sum with p l s; auto. intros i I. apply adm_mul with (xs i) (ys i) (x' i) (y' i); auto.
  rewrite <- one_format. auto.
Qed.

Lemma products : sum_f_R0 (fun i => bound (product i)) n = gamma 1 * T + INR (S n) * omega.
Proof.
  rewrite (sum_eq _ (fun i => Rabs (x i * w i) * gamma 1 + omega)).
  - rewrite sum_plus, <- scal_sum, sum_cte. fold T. ring.
  - intros i _. unfold product. cbn [soundness.bound exact X W]. rewrite mul_bound_is. unfold product_error. ring.
Qed.

Lemma exact_dense : exact dense = sum_f_R0 (fun i => x i * w i) n + b.
Proof. reflexivity. Qed.

Lemma exact_bias_as_term : exact bias_as_term = exact dense.
Proof.
  unfold bias_as_term, dense. cbn [exact]. rewrite decomp_sum by lia. cbn [exact pred]. rewrite Rplus_comm. reflexivity.
Qed.

Theorem dense_closed_form v : adm dense v -> Rabs (v - exact dense) <= closed.
Proof.
  intros H. inversion H as [| |a' b' s c v' Hs Hc R| | | | | | | | | | | | |]. subst.
  assert (A : adm (Add (Sum product n) (Input b 0)) v) by (apply adm_add with s c; auto using matmul_is_sum).
  apply soundness in A; [|exact ok|cbn; auto]. eapply Rle_trans; [exact A|].
  cbn [soundness.bound]. rewrite add_bound_is, sum_bound_is, products.
  change (sum_f_R0 (fun i => Rabs (exact (product i))) n) with T.
  change (exact (Input b 0)) with b. set (z := exact (Sum product n)).
  assert (Hz : Rabs (z + b) <= T + Rabs b).
  { eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat_r. apply Rsum_abs. }
  pose proof (gamma_nonneg M ok n). pose proof (gamma_nonneg M ok 1). pose proof (losses M ok) as L.
  pose proof (pos_INR (S n)). set (k := INR (S n) * omega).
  assert (0 <= k) by (apply Rmult_le_pos; lra).
  assert (gamma 1 * Rabs (z + b) <= gamma 1 * (T + Rabs b)) by (apply Rmult_le_compat_l; lra).
  unfold closed. fold k. pose proof (gamma_step n). pose proof (gamma_step (S n)).
  assert (gamma 1 * Rabs b <= gamma (S n) * Rabs b) by (apply Rmult_le_compat_r; [apply Rabs_pos|nra]).
  replace (gamma (S (S n))) with ((1 + gamma 1) * (1 + gamma (S n)) - 1) by lra.
  replace (1 + gamma (S n)) with ((1 + gamma 1) * (1 + gamma n)) by lra. lra.
Qed.

Theorem bias_as_term_closed_form v : adm bias_as_term v -> Rabs (v - exact dense) <= closed.
Proof.
  intros H. rewrite <- exact_bias_as_term.
  eapply Rle_trans; [apply (soundness M); [exact ok|exact H|intros [|i]; cbn; auto]|]. right. clear H.
  unfold bias_as_term. cbn [soundness.bound]. rewrite sum_bound_is, !(decomp_sum _ (S n)) by lia.
  cbn [pred soundness.bound exact]. change (sum_f_R0 (fun i => Rabs (exact (product i))) n) with T.
  rewrite products. unfold closed. replace (gamma (S (S n))) with ((1 + gamma 1) * (1 + gamma (S n)) - 1)
    by (rewrite gamma_step; ring). ring.
Qed.
End Dense.

(* Softmax, log-softmax and cross-entropy of n + 1 logits. *)

Section Logits.
Variables (n : nat) (x : nat -> R).
Let X i := Input (x i) 0.
Let largest := Max X n.
Definition shifted_exp i := Exp (Sub (X i) largest).
Definition softmax i := Div (shifted_exp i) (Sum shifted_exp n).
Definition log_softmax i := Sub (Sub (X i) largest) (Log (Sum shifted_exp n)).

Let m := maximum x n.
Let y i := exp (x i - m).
Let S := sum_f_R0 y n.

Lemma S_pos : 0 < S.
Proof.
  assert (P : forall i, 0 < y i) by (intros; apply exp_pos).
  assert (H : forall k, 0 < sum_f_R0 y k).
  { induction k as [|k IH]; simpl; [apply P|]. specialize (P (Datatypes.S k)). lra. }
  apply H.
Qed.

(* Their values are those of the definitions, in which nothing is shifted. *)

Lemma unshifted : exp m * S = sum_f_R0 (fun j => exp (x j)) n.
Proof.
  unfold S. rewrite scal_sum. apply sum_eq. intros i _. unfold y. rewrite <- exp_plus. f_equal. ring.
Qed.

Lemma softmax_exact i : exact (softmax i) = exp (x i) / sum_f_R0 (fun j => exp (x j)) n.
Proof.
  rewrite <- unshifted. change (exact (softmax i)) with (exp (x i - m) / S).
  pose proof S_pos. pose proof (exp_pos m). replace (exp (x i)) with (exp m * exp (x i - m))
    by (rewrite <- exp_plus; f_equal; ring). field. lra.
Qed.

Lemma log_softmax_exact i : exact (log_softmax i) = x i - ln (sum_f_R0 (fun j => exp (x j)) n).
Proof.
  rewrite <- unshifted, ln_mult, ln_exp by (apply exp_pos || apply S_pos).
  change (exact (log_softmax i)) with (x i - m - ln S). ring.
Qed.

(* D is how far the logits are below the largest. The exps are off by a factor of at most E, their sum by F. *)
Variable D : R.
Hypothesis spread : forall i, (i <= n)%nat -> Rabs (x i - m) <= D.
Hypothesis no_underflow : forall i, (i <= n)%nat -> 4 * smallest_normal M <= y i.
Let A := (gamma 1 + 2 * u * (1 + gamma 1)) * D.
Let E := exp A * (1 + 2 * exp_ulp M * u).
Let F := (1 + gamma n) * E.
Hypothesis small : A < 1.
Hypothesis enough : F < 2.

Lemma maximum_of_zeros k : maximum (fun _ => 0) k = 0.
Proof. induction k as [|k IH]; simpl; [reflexivity|]. rewrite IH. apply Rmax_left. lra. Qed.

Lemma shift_bound i : bound (Sub (X i) largest) = gamma 1 * Rabs (x i - m).
Proof.
  cbn [soundness.bound]. rewrite sub_bound_is. unfold largest, X. cbn [soundness.bound exact].
  rewrite maximum_of_zeros. change (maximum (fun i => x i) n) with m. ring.
Qed.

Lemma shifted_exp_bound i : (i <= n)%nat -> 0 <= bound (shifted_exp i) <= (E - 1) * y i.
Proof.
  intros Hi. specialize (spread i Hi). specialize (no_underflow i Hi). unfold shifted_exp.
  change (bound (Exp (Sub (X i) largest))) with (exp_bound M (x i - m) (bound (Sub (X i) largest))).
  rewrite shift_bound. unfold exp_bound, elementary. fold (y i). rewrite one_format. set (d := Rabs (x i - m)) in *.
  pose proof (gamma_nonneg M ok 1) as G. pose proof (unit_range M ok). pose proof (exp_range M ok).
  assert (0 <= d) by apply Rabs_pos. set (a := gamma 1 * d + 2 * u * (d + gamma 1 * d)).
  assert (0 <= gamma 1 * d) by (apply Rmult_le_pos; lra).
  assert (0 <= u * (d + gamma 1 * d)) by (apply Rmult_le_pos; lra).
  assert (0 <= u * (1 + gamma 1)) by (apply Rmult_le_pos; lra).
  assert (0 <= a) by (unfold a; lra).
  assert (Ha : a <= A).
  { unfold a, A. replace (gamma 1 * d + 2 * u * (d + gamma 1 * d)) with ((gamma 1 + 2 * u * (1 + gamma 1)) * d) by ring.
    apply Rmult_le_compat_l; lra. }
  destruct (Rlt_dec (y i) (4 * smallest_normal M)); [lra|]. destruct (Rlt_dec a 1); [|lra].
  assert (P : 0 < y i) by apply exp_pos. rewrite (Rabs_pos_eq (y i)) by lra.
  pose proof (exp_le _ _ Ha). pose proof (exp_le 0 a ltac:(assumption)) as One. rewrite exp_0 in One.
  assert (0 <= exp a * (2 * exp_ulp M * u)) by (apply Rmult_le_pos; lra).
  assert (exp a * (1 + 2 * exp_ulp M * u) <= E) by (apply Rmult_le_compat_r; lra).
  replace (y i * (exp a - 1) + 2 * exp_ulp M * u * (y i + y i * (exp a - 1)) + 0) with
    ((exp a * (1 + 2 * exp_ulp M * u) - 1) * y i) by ring.
  assert (B : 0 <= (exp a * (1 + 2 * exp_ulp M * u) - 1) * y i <= (E - 1) * y i)
    by (split; [apply Rmult_le_pos; lra|apply Rmult_le_compat_r; lra]).
  repeat destruct Req_EM_T; try exact B; lra.
Qed.

Lemma exps_bound : bound (Sum shifted_exp n) <= (F - 1) * S.
Proof.
  cbn [soundness.bound]. rewrite sum_bound_is.
  assert (H : sum_f_R0 (fun i => bound (shifted_exp i)) n <= (E - 1) * S)
    by (apply sum_scaled; intros; now apply shifted_exp_bound).
  rewrite (sum_eq (fun i => Rabs (exact (shifted_exp i))) y) by (intros; apply Rabs_pos_eq; left; apply exp_pos).
  fold S.
  pose proof (gamma_nonneg M ok n). unfold F. nra.
Qed.

Lemma E_le_F : 1 <= E <= F.
Proof.
  assert (1 <= E).
  { pose proof (exp_range M ok). assert (0 <= A).
    { unfold A. pose proof (unit_range M ok). pose proof (gamma_nonneg M ok 1).
      assert (0 <= u * (1 + gamma 1)) by (apply Rmult_le_pos; lra).
      apply Rmult_le_pos; [lra|]. apply Rle_trans with (2 := spread 0 (Nat.le_0_l n)). apply Rabs_pos. }
    pose proof (exp_le 0 A ltac:(assumption)) as One. rewrite exp_0 in One. unfold E. nra. }
  pose proof (gamma_nonneg M ok n). unfold F. split; nra.
Qed.

Lemma exps_apart : bound (Sum shifted_exp n) < S.
Proof. pose proof exps_bound. pose proof S_pos. nra. Qed.

Lemma exps_finite : finite M (Sum shifted_exp n).
Proof. intros i _. cbn. auto. Qed.

Hypothesis no_large_sum : Rabs S + bound (Sum shifted_exp n) <= / smallest_normal M.

Theorem softmax_closed_form i v : (i <= n)%nat -> adm (softmax i) v ->
  let p := exact (softmax i) in
  Rabs (v - p) <= ((1 + gamma (division M)) * E / (2 - F) - 1) * p + INR (division M) * omega.
Proof.
  intros Hi H p. pose proof S_pos as HS. pose proof exps_bound as HB. pose proof exps_apart as HF.
  assert (HE : Rabs (exact (Sum shifted_exp n)) = S) by (apply Rabs_pos_eq; now left).
  apply soundness in H; [|exact ok|].
  2: { cbn [softmax finite]. split; [cbn; auto|]. split; [apply exps_finite|]. now rewrite HE. }
  destruct (shifted_exp_bound i Hi) as [e0 e1].
  apply Rle_trans with (1 := H). clear H.
  change (bound (softmax i)) with
    (div_bound M (y i) (bound (shifted_exp i)) S (bound (Sum shifted_exp n))).
  change (exact (softmax i)) with (y i / S) in p. unfold div_bound, reciprocal_loss, rounded.
  set (e := bound (shifted_exp i)) in *. set (f := bound (Sum shifted_exp n)) in *. fold p.
  replace (if le_dec 2 (division M) then _ else 0) with 0
    by (destruct le_dec; [destruct Rlt_dec|]; try reflexivity; lra).
  rewrite (Rabs_pos_eq S) by lra. clear HE.
  assert (Py : 0 < y i) by apply exp_pos.
  assert (Pp : 0 < p) by (unfold p; apply Rdiv_lt_0_compat; lra).
  assert (yp : y i = p * S) by (unfold p; field; lra).
  rewrite (Rabs_pos_eq p) by lra. pose proof E_le_F.
  assert (own : (e + p * f) / (S - f) <= p * (E / (2 - F) - 1)).
  { apply Rmult_le_reg_r with (S - f); [lra|]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    rewrite yp in e1.
    assert (E1 : 0 <= E / (2 - F) - 1).
    { apply Rmult_le_reg_r with (2 - F); [lra|].
      replace ((E / (2 - F) - 1) * (2 - F)) with (E - (2 - F)) by (field; lra). lra. }
    apply Rle_trans with (p * (E / (2 - F) - 1) * (S - (F - 1) * S)).
    - replace (p * (E / (2 - F) - 1) * (S - (F - 1) * S)) with (p * S * (E + F - 2)) by (field; lra). nra.
    - apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|lra]. }
  pose proof (gamma_nonneg M ok (division M)) as G. set (g := gamma (division M)) in *.
  replace (((1 + g) * E / (2 - F) - 1) * p) with
    (p * (E / (2 - F) - 1) + g * (p + p * (E / (2 - F) - 1))) by (field; lra).
  set (t := (e + p * f) / (S - f)) in *.
  assert (g * (p + t) <= g * (p + p * (E / (2 - F) - 1))) by (apply Rmult_le_compat_l; lra). lra.
Qed.

(* The logarithm is off by at most L, absolutely. *)
Let L := - ln (2 - F) + 2 * log_ulp M * u * (Rabs (ln S) - ln (2 - F)).

Lemma log_of_exps_bound : bound (Log (Sum shifted_exp n)) <= L.
Proof.
  change (bound (Log (Sum shifted_exp n))) with (log_bound M S (bound (Sum shifted_exp n))).
  pose proof S_pos. pose proof exps_bound. pose proof exps_apart. pose proof E_le_F.
  assert (own : - ln (1 - bound (Sum shifted_exp n) / S) <= - ln (2 - F)).
  { apply Ropp_le_contravar, ln_le; [lra|].
    assert (bound (Sum shifted_exp n) / S <= F - 1); [|lra].
    apply Rmult_le_reg_r with S; [assumption|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  assert (0 <= - ln (2 - F)) by (pose proof (ln_le (2 - F) 1 ltac:(lra) ltac:(lra)); rewrite ln_1 in *; lra).
  pose proof (ulp_range M ok) as (_ & _ & ulp & _). pose proof (unit_range M ok). pose proof (Rabs_pos (ln S)).
  assert (0 <= 2 * log_ulp M * u) by (repeat apply Rmult_le_pos; lra).
  unfold log_bound, elementary, L. set (o := - ln (1 - bound (Sum shifted_exp n) / S)) in *.
  assert (2 * log_ulp M * u * (Rabs (ln S) + o) <= 2 * log_ulp M * u * (Rabs (ln S) - ln (2 - F)))
    by (apply Rmult_le_compat_l; lra).
  assert (0 <= 2 * log_ulp M * u * (Rabs (ln S) - ln (2 - F))) by (apply Rmult_le_pos; lra).
  repeat destruct Req_EM_T; lra.
Qed.

Let B i := gamma 1 * Rabs (x i - m) + L + gamma 1 * (Rabs (exact (log_softmax i)) + (gamma 1 * Rabs (x i - m) + L)).

Lemma log_softmax_finite i : finite M (log_softmax i).
Proof.
  cbn [log_softmax finite]. split; [cbn; auto|]. split; [apply exps_finite|]. exact exps_apart.
Qed.

Lemma log_softmax_bound i : bound (log_softmax i) <= B i.
Proof.
  unfold log_softmax. change (bound (Sub (Sub (X i) largest) (Log (Sum shifted_exp n)))) with
    (sub_bound M (x i - m) (bound (Sub (X i) largest)) (ln S) (bound (Log (Sum shifted_exp n)))).
  rewrite sub_bound_is, shift_bound. unfold B. change (exact (log_softmax i)) with (x i - m - ln S).
  pose proof log_of_exps_bound. pose proof (gamma_nonneg M ok 1). set (b := bound (Log (Sum shifted_exp n))) in *.
  assert (gamma 1 * b <= gamma 1 * L) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Theorem log_softmax_closed_form i v : adm (log_softmax i) v -> Rabs (v - exact (log_softmax i)) <= B i.
Proof.
  intros H. apply soundness in H; [|exact ok|apply log_softmax_finite]. pose proof (log_softmax_bound i). lra.
Qed.

(* Cross-entropy from logits, with labels that are given exactly: one that is 0 costs nothing. *)
Variable label : nat -> R.
Definition term i := if Req_EM_T (label i) 0 then Input 0 0 else Mul (Input (label i) 0) (log_softmax i).
Definition cross_entropy := Neg (Sum term n).

Lemma cross_entropy_exact :
  exact cross_entropy = - sum_f_R0 (fun i => label i * (x i - ln (sum_f_R0 (fun j => exp (x j)) n))) n.
Proof.
  unfold cross_entropy. cbn [exact]. f_equal. apply sum_eq. intros i _. rewrite <- log_softmax_exact. unfold term.
  destruct Req_EM_T as [->|]; [simpl; ring|reflexivity].
Qed.

Theorem cross_entropy_closed_form v : adm cross_entropy v ->
  let inherited := sum_f_R0 (fun i => Rabs (label i) * B i) n in
  let sizes := sum_f_R0 (fun i => Rabs (label i * exact (log_softmax i))) n in
  let classes := Datatypes.S n in
  Rabs (v - exact cross_entropy) <=
  (1 + gamma classes) * inherited + gamma classes * sizes + (1 + gamma classes) * (INR classes * omega).
Proof.
  intros H inherited sizes classes. apply soundness in H; [|exact ok|].
  2: { intros i _. unfold term. destruct Req_EM_T; [cbn; auto|]. split; [cbn; auto|apply log_softmax_finite]. }
  apply Rle_trans with (1 := H). clear H. unfold cross_entropy. cbn [soundness.bound]. rewrite sum_bound_is.
  pose proof (gamma_nonneg M ok 1) as G1. pose proof (gamma_nonneg M ok n) as Gn. pose proof (losses M ok).
  assert (Z : forall i, exact (term i) = label i * exact (log_softmax i)).
  { intros i. unfold term. destruct Req_EM_T as [->|]; [simpl; ring|reflexivity]. }
  rewrite (sum_eq (fun i => Rabs (exact (term i))) (fun i => Rabs (label i * exact (log_softmax i))))
    by (intros; now rewrite Z). fold sizes.
  assert (T : forall i, (i <= n)%nat -> bound (term i) <=
    Rabs (label i) * B i * (1 + gamma 1) + (Rabs (label i * exact (log_softmax i)) * gamma 1 + omega)).
  { intros i _. unfold term. destruct Req_EM_T as [E0|_].
    - rewrite E0, Rmult_0_l, Rabs_R0. cbn [soundness.bound]. lra.
    - cbn [soundness.bound exact]. rewrite mul_bound_is. unfold product_error.
      set (l := exact (log_softmax i)). pose proof (log_softmax_bound i) as Q.
      assert (Rabs (label i) * bound (log_softmax i) <= Rabs (label i) * B i)
        by (apply Rmult_le_compat_l; [apply Rabs_pos|assumption]).
      set (q := Rabs (label i) * bound (log_softmax i)) in *. set (r := Rabs (label i) * B i) in *.
      assert (gamma 1 * q <= gamma 1 * r) by (apply Rmult_le_compat_l; lra). lra. }
  apply sum_Rle in T. rewrite !sum_plus, sum_cte, <- !scal_sum in T. fold inherited sizes classes in T.
  set (e := sum_f_R0 (fun i => bound (term i)) n) in *. pose proof (gamma_step n) as G. fold classes in G.
  assert (gamma n * e <= gamma n * ((1 + gamma 1) * inherited + (gamma 1 * sizes + omega * INR classes)))
    by (apply Rmult_le_compat_l; lra).
  assert (0 <= INR classes * omega) by (apply Rmult_le_pos; [apply pos_INR|lra]).
  assert (gamma n * (INR classes * omega) <= gamma classes * (INR classes * omega))
    by (apply Rmult_le_compat_r; [assumption|]; apply growth_monotone; [exact (unit_range M ok)|unfold classes; lia]).
  replace (gamma classes) with ((1 + gamma 1) * (1 + gamma n) - 1) in * by lra. lra.
Qed.
End Logits.
End Formulas.

(* An online sum keeps the largest logit so far, and rescales the sum where that changes. It is an expression of its
   own, so that its own bound is sound. It is not proved that this bound is below that of `softmax`. *)

Section Online.
Variable M : Model.
Hypothesis ok : valid M.
Variable x : nat -> R.
Let X i := Input (x i) 0.

Fixpoint online (k : nat) : expr :=
  match k with
  | O => Exp (Sub (X 0) (Max X 0))
  | S j => Add (Mul (online j) (Exp (Sub (Max X j) (Max X (S j))))) (Exp (Sub (X (S j)) (Max X (S j))))
  end.

Lemma online_exact k : exact (online k) = sum_f_R0 (fun i => exp (x i - maximum x k)) k.
Proof.
  induction k as [|k IH]; [reflexivity|]. simpl online. cbn [exact]. rewrite IH.
  change (maximum (fun i => exact (X i)) k) with (maximum x k).
  change (maximum (fun i => exact (X i)) (S k)) with (maximum x (S k)). rewrite tech5. f_equal.
  rewrite Rmult_comm, scal_sum. apply sum_eq. intros i _. rewrite <- exp_plus. f_equal. ring.
Qed.

Theorem online_sound k v : adm M (online k) v ->
  Rabs (v - sum_f_R0 (fun i => exp (x i - maximum x k)) k) <= bound M (online k).
Proof.
  intros H. rewrite <- online_exact. apply soundness; auto. clear H v.
  induction k as [|k IH]; cbn [online finite]; repeat split; cbn; auto.
Qed.
End Online.
