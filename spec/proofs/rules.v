(* soundness.v: the rules of conformance/arithmetic/bounded.py, each with the lemma that it is sound.

   A rule says how far the result may be from the exact one. `add_bound a e b f` is that of a sum: the operands are
   exactly a and b, and off by at most e and f. `add_ok` proves it. The others are named in the same way. *)

Require Import Reals Lra Lia List Permutation.
Import ListNotations.
Require Import rounding.
Open Scope R_scope.

Section Rules.
Variable M : Model.
Hypothesis ok : valid M.
Notation unit_roundoff := (unit_roundoff M).
Notation inner_unit := (inner_unit M).
Notation accumulates := (accumulates M).
Notation smallest_normal := (smallest_normal M).
Notation division := (division M).
Notation factor := (factor M).
Notation underflow := (underflow M).
Notation flushed := (flushed M).
Notation exp_underflow := (exp_underflow M).
Notation gamma := (gamma M).
Notation gamma_of_sum := (gamma_of_sum M).

(* lift: an input is exact, but a subnormal one may be flushed. *)

Definition lift_bound (x : R) :=
  if flushes M then if Rlt_dec (Rabs x) smallest_normal then Rabs x else 0 else 0.

Lemma lift_ok x v : v = x \/ flushes M = true /\ v = 0 /\ Rabs x < smallest_normal -> Rabs (v - x) <= lift_bound x.
Proof.
  unfold lift_bound. intros [->|(-> & -> & H)].
  - rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. pose proof (Rabs_pos x).
    destruct (flushes M); [destruct Rlt_dec|]; lra.
  - rewrite from_zero. destruct Rlt_dec; lra.
Qed.

(* cast_error: a host scalar s, off by e, in a narrower format. Rounding is no contraction: near the middle of two
   numbers the results of s and of its neighbour are further apart than these are, so that the error counts twice. *)

Definition nearest (F : R -> Prop) (s v : R) := F v /\ forall w, F w -> Rabs (v - s) <= Rabs (w - s).

Definition cast_error_bound (rounding_error s e : R) :=
  if flushes M
  then if Rlt_dec (Rabs s - e) smallest_normal then Rmax (rounding_error + 2 * e) (Rabs s) else rounding_error + 2 * e
  else rounding_error + 2 * e.

Lemma cast_error_ok F s s' v v' e : nearest F s v -> Rabs (s' - s) <= e ->
  nearest F s' v' \/ flushes M = true /\ v' = 0 /\ Rabs s' < smallest_normal ->
  Rabs (v' - s) <= cast_error_bound (Rabs (v - s)) s e.
Proof.
  unfold cast_error_bound. intros [Fv _] H [[_ N]|(-> & -> & T)].
  - specialize (N v Fv). pose proof (triangle v' s' s). pose proof (triangle v s s').
    rewrite (Rabs_minus_sym s s') in *.
    destruct (flushes M); [destruct Rlt_dec; [apply Rle_trans with (2 := Rmax_l _ _)|]|]; lra.
  - rewrite from_zero. destruct Rlt_dec as [|L]; [apply Rmax_r|]. contradict L. revert H T. split_Rabs; lra.
Qed.

(* rounded: an inherited error, k roundings, and what underflow may cost. *)

Definition rounded (y e : R) (k : nat) (loss : R) := e + gamma k * (Rabs y + e) + loss.

Lemma rounded_ok y s v e k loss :
  Rabs (s - y) <= e -> Rabs (v - s) <= gamma k * Rabs s + loss -> Rabs (v - y) <= rounded y e k loss.
Proof.
  intros H1 H2. pose proof (triangle v s y). pose proof (near _ _ _ H1). pose proof (gamma_nonneg M ok k).
  unfold rounded. nra.
Qed.

(* __neg__ *)

Lemma neg_ok a x e : Rabs (x - a) <= e -> Rabs (- x - - a) <= e.
Proof. split_Rabs; lra. Qed.

(* __add__ *)

Definition add_bound (a e b f : R) := rounded (a + b) (e + f) 1 flushed.

Lemma add_ok a b x y v e f : Rabs (x - a) <= e -> Rabs (y - b) <= f -> rounds M unit_roundoff (x + y) v ->
  Rabs (v - (a + b)) <= add_bound a e b f.
Proof.
  intros A B R. apply rounded_ok with (s := x + y); [revert A B; split_Rabs; lra|].
  apply (rounds_le M ok); [exact (unit_range M ok)|assumption].
Qed.

(* __sub__ *)

Definition sub_bound (a e b f : R) := rounded (a - b) (e + f) 1 flushed.

Lemma sub_ok a b x y v e f : Rabs (x - a) <= e -> Rabs (y - b) <= f -> rounds M unit_roundoff (x - y) v ->
  Rabs (v - (a - b)) <= sub_bound a e b f.
Proof.
  intros A B R. apply rounded_ok with (s := x - y); [revert A B; split_Rabs; lra|].
  apply (rounds_le M ok); [exact (unit_range M ok)|assumption].
Qed.

(* coarse: a factor that is kept in fewer bits, which end at bfloat16's smallest subnormal number. *)

Definition coarse (a e : R) :=
  let kept := e + (factor * (Rabs a + e) + / 2 ^ 133) in
  if Req_EM_T factor 0 then e else if Req_EM_T a 0 then if Req_EM_T e 0 then 0 else kept else kept.

Definition keeps (x v : R) :=
  if Req_EM_T factor 0 then v = x else Rabs (v - x) <= factor * Rabs x + / 2 ^ 133 /\ (x = 0 -> v = 0).

Lemma coarse_ok a e x v : Rabs (x - a) <= e -> keeps x v -> Rabs (v - a) <= coarse a e.
Proof.
  unfold keeps, coarse. intros H K. pose proof (factor_range M ok). pose proof (near _ _ _ H).
  destruct (Req_EM_T factor 0) as [_|]; [now rewrite K|]. destruct K as [K Z].
  assert (factor * Rabs x <= factor * (Rabs a + e)) by (apply Rmult_le_compat_l; lra).
  pose proof (triangle v x a). destruct (Req_EM_T a 0) as [A|]; [destruct (Req_EM_T e 0) as [E|]|]; [|lra..].
  subst a e. rewrite Z by now apply without_error. rewrite Rminus_diag_eq, Rabs_R0; lra.
Qed.

(* A factor that is exactly 0 makes an exact product. *)
Lemma product_by_zero x y v : Rabs (x - 0) <= 0 -> (x * y = 0 -> v = 0) -> forall b, Rabs (v - 0 * b) <= 0.
Proof.
  intros H Z b. apply without_error in H. rewrite Z by (rewrite H; ring).
  rewrite Rmult_0_l, Rminus_diag_eq, Rabs_R0; lra.
Qed.

(* __mul__ *)

Definition product_error (a e b f : R) := Rabs a * f + Rabs b * e + e * f.
Definition mul_bound (a e b f : R) := rounded (a * b) (product_error a (coarse a e) b (coarse b f)) 1 underflow.

Lemma product_ok a b x y e f : Rabs (x - a) <= e -> Rabs (y - b) <= f -> Rabs (x * y - a * b) <= product_error a e b f.
Proof.
  intros Hx Hy. replace (x * y - a * b) with (a * (y - b) + b * (x - a) + (x - a) * (y - b)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat.
  - eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_mult.
    apply Rplus_le_compat; apply Rmult_le_compat_l; auto using Rabs_pos.
  - rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos.
Qed.

Lemma mul_ok a b x y x' y' v e f : Rabs (x - a) <= e -> Rabs (y - b) <= f -> keeps x x' -> keeps y y' ->
  rounds_small M unit_roundoff (x' * y') v -> Rabs (v - a * b) <= mul_bound a e b f.
Proof.
  intros A B K L R. apply rounded_ok with (s := x' * y'); [|exact R].
  apply product_ok; [now apply coarse_ok with x|now apply coarse_ok with y].
Qed.

(* __truediv__: one rounding, or those of a reciprocal and of a product. A reciprocal that is subnormal has lost up to
   `underflow`, which the product multiplies by the numerator. *)

Definition reciprocal_loss (a e b f : R) :=
  if le_dec 2 division
  then if Rlt_dec (/ smallest_normal) (Rabs b + f) then (1 + gamma 1) * ((Rabs a + e) * underflow) else 0 else 0.

Definition div_bound (a e b f : R) :=
  let error := (e + Rabs (a / b) * f) / (Rabs b - f) in
  rounded (a / b) error division (INR division * underflow + reciprocal_loss a e b f).

(* r is 1 / y, rounded. It does not overflow. *)
Definition reciprocal (y r : R) :=
  Rabs (r - / y) <= gamma 1 * Rabs (/ y) + (if Rlt_dec (/ smallest_normal) (Rabs y) then underflow else 0).

Lemma quotient_ok a b x y e f : Rabs (x - a) <= e -> Rabs (y - b) <= f -> f < Rabs b ->
  Rabs (x / y - a / b) <= (e + Rabs (a / b) * f) / (Rabs b - f).
Proof.
  intros Hx Hy Hf. pose proof (error_nonneg _ _ _ Hx). pose proof (error_nonneg _ _ _ Hy).
  assert (Rabs b - f <= Rabs y) by (revert Hy; split_Rabs; lra).
  assert (y <> 0) by (intros ->; rewrite Rabs_R0 in *; lra).
  assert (b <> 0) by (intros ->; rewrite Rabs_R0 in *; lra).
  replace (x / y - a / b) with (((x - a) - a / b * (y - b)) / y) by (field; auto).
  unfold Rdiv at 1. rewrite Rabs_mult, Rabs_inv. fold (Rabs (x - a - a / b * (y - b)) / Rabs y).
  assert (Rabs (x - a - a / b * (y - b)) <= e + Rabs (a / b) * f).
  { unfold Rminus at 1. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp, Rabs_mult.
    apply Rplus_le_compat; [assumption|]. apply Rmult_le_compat_l; auto using Rabs_pos. }
  apply Rmult_le_compat; auto using Rabs_pos.
  - left. apply Rinv_0_lt_compat. lra.
  - apply Rinv_le_contravar; lra.
Qed.

Lemma reciprocal_ok x y r v : reciprocal y r -> rounds_small M unit_roundoff (x * r) v ->
  Rabs (v - x / y) <= gamma 2 * Rabs (x / y) + underflow +
    (if Rlt_dec (/ smallest_normal) (Rabs y) then (1 + gamma 1) * (Rabs x * underflow) else 0).
Proof.
  unfold reciprocal, rounds_small. fold (gamma 1). intros Hr Hv. pose proof (gamma_nonneg M ok 1).
  set (w := if Rlt_dec (/ smallest_normal) (Rabs y) then underflow else 0) in *.
  replace (if Rlt_dec (/ smallest_normal) (Rabs y) then (1 + gamma 1) * (Rabs x * underflow) else 0)
    with ((1 + gamma 1) * (Rabs x * w)) by (unfold w; destruct Rlt_dec; ring).
  assert (D : Rabs (x * r - x / y) <= gamma 1 * Rabs (x / y) + Rabs x * w).
  { replace (x * r - x / y) with (x * (r - / y)) by (unfold Rdiv; ring). unfold Rdiv. rewrite !Rabs_mult.
    replace (gamma 1 * (Rabs x * Rabs (/ y)) + Rabs x * w) with (Rabs x * (gamma 1 * Rabs (/ y) + w)) by ring.
    apply Rmult_le_compat_l; [apply Rabs_pos|assumption]. }
  pose proof (triangle v (x * r) (x / y)). pose proof (near _ _ _ D) as N.
  assert (gamma 1 * Rabs (x * r) <= gamma 1 * (Rabs (x / y) + (gamma 1 * Rabs (x / y) + Rabs x * w)))
    by (apply Rmult_le_compat_l; lra).
  replace (gamma 2) with ((1 + gamma 1) * (1 + gamma 1) - 1) by (unfold gamma; rewrite growth_step; ring).
  lra.
Qed.

Lemma truediv_ok a b x y v e f : Rabs (x - a) <= e -> Rabs (y - b) <= f -> f < Rabs b ->
  rounds_small M unit_roundoff (x / y) v \/
  (2 <= division)%nat /\ (exists r, reciprocal y r /\ rounds_small M unit_roundoff (x * r) v) ->
  Rabs (v - a / b) <= div_bound a e b f.
Proof.
  intros A B L H. apply rounded_ok with (s := x / y); [now apply quotient_ok|].
  pose proof (losses M ok). pose proof (division_range M ok). pose proof (gamma_nonneg M ok 1).
  pose proof (error_nonneg _ _ _ A). pose proof (Rabs_pos a). unfold reciprocal_loss.
  assert (N : 0 <= (1 + gamma 1) * ((Rabs a + e) * underflow)) by (repeat apply Rmult_le_pos; lra).
  pose proof (Rabs_pos (x / y)).
  assert (G : forall k, (k <= division)%nat -> gamma k * Rabs (x / y) <= gamma division * Rabs (x / y)).
  { intros k K. apply Rmult_le_compat_r; [assumption|]. now apply (growth_monotone _ (unit_range M ok)). }
  assert (U : 1 * underflow <= INR division * underflow) by (apply Rmult_le_compat_r; [lra|now apply (le_INR 1)]).
  destruct H as [H|(K & r & I & H)].
  - unfold rounds_small in H. fold (gamma 1) in H. specialize (G 1%nat H1).
    destruct le_dec; [destruct Rlt_dec|]; lra.
  - pose proof (reciprocal_ok _ _ _ _ I H) as P. specialize (G 2%nat K). destruct le_dec; [|lia].
    assert ((1 + gamma 1) * (Rabs x * underflow) <= (1 + gamma 1) * ((Rabs a + e) * underflow)).
    { apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; [lra|]. now apply near. }
    pose proof (near _ _ _ B). do 2 destruct Rlt_dec; lra.
Qed.

(* max: of the numbers f 0 to f n. *)

Fixpoint maximum (f : nat -> R) (n : nat) : R :=
  match n with O => f O | S m => Rmax (maximum f m) (f (S m)) end.

Lemma max_ok g a e n : (forall i, (i <= n)%nat -> Rabs (g i - a i) <= e i) ->
  Rabs (maximum g n - maximum a n) <= maximum e n.
Proof.
  induction n as [|n IH]; intros H; simpl; [now apply H|].
  assert (H1 : Rabs (maximum g n - maximum a n) <= maximum e n) by (apply IH; intros; apply H; lia).
  specialize (H (S n) (le_n _)). unfold Rmax. repeat destruct Rle_dec; revert H H1; split_Rabs; lra.
Qed.

(* sum: of the numbers g i, i in a list, by any binary tree. *)

Inductive tree (g : nat -> R) : list nat -> R -> Prop :=
| leaf i : tree g [i] (g i)
| node l1 l2 v1 v2 v : tree g l1 v1 -> tree g l2 v2 -> rounds M inner_unit (v1 + v2) v -> tree g (l1 ++ l2) v.

Definition total (f : nat -> R) (l : list nat) := fold_right (fun i s => f i + s) 0 l.
Notation sizes g l := (total (fun i => Rabs (g i)) l).

Lemma total_app f l1 l2 : total f (l1 ++ l2) = total f l1 + total f l2.
Proof. induction l1 as [|i l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma total_permutation f l1 l2 : Permutation l1 l2 -> total f l1 = total f l2.
Proof. induction 1; simpl; lra. Qed.

Lemma total_seq f n : total f (seq 0 (S n)) = sum_f_R0 f n.
Proof.
  induction n as [|n IH]; [simpl; ring|].
  rewrite seq_S, total_app, IH. simpl. ring.
Qed.

Lemma sizes_nonneg f l : 0 <= sizes f l.
Proof. induction l as [|i l IH]; simpl; [lra|]. pose proof (Rabs_pos (f i)). lra. Qed.

(* Two sums that have grown, by factors Q1 and Q2, and the rounding of their sum, by a factor q. *)
Lemma grown q Q1 Q2 T1 T2 : 1 <= q -> 1 <= Q1 -> 1 <= Q2 -> 0 <= T1 -> 0 <= T2 ->
  0 <= Q1 * T1 + Q2 * T2 /\ q * (Q1 * T1 + Q2 * T2) <= q * (Q1 * Q2) * (T1 + T2).
Proof.
  intros. assert (0 <= Q1 * T1) by (apply Rmult_le_pos; lra). assert (0 <= Q2 * T2) by (apply Rmult_le_pos; lra).
  split; [lra|]. rewrite (Rmult_assoc q). apply Rmult_le_compat_l; [lra|].
  assert (Q1 * T1 <= Q1 * T1 * Q2) by (rewrite <- (Rmult_1_r (Q1 * T1)) at 1; apply Rmult_le_compat_l; lra).
  assert (Q2 * T2 <= Q2 * T2 * Q1) by (rewrite <- (Rmult_1_r (Q2 * T2)) at 1; apply Rmult_le_compat_l; lra).
  lra.
Qed.

(* Whatever the tree: as many additions as terms, less one. What is flushed is 0, so its loss does not grow. *)
Lemma tree_ok g l v : tree g l v -> exists m, length l = S m /\
  Rabs v <= (1 + gamma_of_sum m) * sizes g l /\
  Rabs (v - total g l) <= gamma_of_sum m * sizes g l + INR m * flushed.
Proof.
  induction 1 as [i|l1 l2 v1 v2 v _ (m1 & L1 & A1 & B1) _ (m2 & L2 & A2 & B2) R].
  - exists O. unfold gamma_of_sum. rewrite growth_0. simpl. repeat split; [|]; split_Rabs; lra.
  - exists (S (m1 + m2)). rewrite app_length, !total_app. split; [lia|].
    pose proof (gamma_of_sum_nonneg M ok 1). pose proof (gamma_of_sum_nonneg M ok m1).
    pose proof (gamma_of_sum_nonneg M ok m2). pose proof (losses M ok).
    destruct (grown (1 + gamma_of_sum 1) (1 + gamma_of_sum m1) (1 + gamma_of_sum m2) (sizes g l1) (sizes g l2))
      as [P K]; try lra; [apply sizes_nonneg..|].
    replace ((1 + gamma_of_sum 1) * ((1 + gamma_of_sum m1) * (1 + gamma_of_sum m2))) with
      (1 + gamma_of_sum (S (m1 + m2))) in K by (unfold gamma_of_sum, growth; simpl pow; rewrite pow_add; ring).
    set (T1 := sizes g l1) in *. set (T2 := sizes g l2) in *.
    set (old := (1 + gamma_of_sum m1) * T1 + (1 + gamma_of_sum m2) * T2) in *.
    assert (S : Rabs (v1 + v2) <= old) by (pose proof (Rabs_triang v1 v2); unfold old; lra).
    assert (D : Rabs (v1 + v2 - (total g l1 + total g l2)) <= old - T1 - T2 + INR (m1 + m2) * flushed).
    { replace (v1 + v2 - (total g l1 + total g l2)) with ((v1 - total g l1) + (v2 - total g l2)) by ring.
      rewrite plus_INR. eapply Rle_trans; [apply Rabs_triang|]. unfold old. lra. }
    pose proof (triangle v (v1 + v2) (total g l1 + total g l2)) as T. rewrite S_INR.
    assert (0 <= gamma_of_sum 1 * old) by (apply Rmult_le_pos; lra).
    destruct R as [R|[-> R]]; [fold (gamma_of_sum 1) in R|].
    + assert (gamma_of_sum 1 * Rabs (v1 + v2) <= gamma_of_sum 1 * old) by (apply Rmult_le_compat_l; lra).
      pose proof (near _ _ _ R). split; lra.
    + rewrite Rabs_R0. rewrite (from_zero (v1 + v2)) in T. split; lra.
Qed.

(* Adding an exact 0 rounds nothing, so a sum in which only some terms are not 0 is a sum of these. *)

Inductive tree_with_zeros (g : nat -> R) : list nat -> R -> Prop :=
| leaf' i : tree_with_zeros g [i] (g i)
| node' l1 l2 v1 v2 v : tree_with_zeros g l1 v1 -> tree_with_zeros g l2 v2 -> rounds M inner_unit (v1 + v2) v ->
    (v1 = 0 -> v = v2) -> (v2 = 0 -> v = v1) -> tree_with_zeros g (l1 ++ l2) v.

Definition nonzero (g : nat -> R) (l : list nat) := filter (fun i => if Req_EM_T (g i) 0 then false else true) l.

Lemma few_terms g l v : tree_with_zeros g l v -> nonzero g l = [] /\ v = 0 \/ tree g (nonzero g l) v.
Proof.
  unfold nonzero. induction 1 as [i|l1 l2 v1 v2 v _ IH1 _ IH2 R Z1 Z2].
  - simpl. destruct Req_EM_T as [E|]; [left; now rewrite E|right; apply leaf].
  - rewrite filter_app. destruct IH1 as [[-> E1]|T1]; [|destruct IH2 as [[-> E2]|T2]].
    + rewrite (Z1 E1). exact IH2.
    + rewrite app_nil_r, (Z2 E2). now right.
    + right. now apply node with v1 v2.
Qed.

Lemma total_nonzero f g l : (forall i, g i = 0 -> f i = 0) -> total f (nonzero g l) = total f l.
Proof.
  intros Z. unfold nonzero. induction l as [|i l IH]; simpl; [reflexivity|].
  destruct Req_EM_T as [E|]; simpl; rewrite IH; [rewrite (Z i E)|]; ring.
Qed.

Lemma few_terms_ok g l v : tree_with_zeros g l v -> let additions := pred (length (nonzero g l)) in
  Rabs (v - total g l) <= gamma_of_sum additions * sizes g l + INR additions * flushed.
Proof.
  intros T additions. rewrite <- (total_nonzero g g l), <- (total_nonzero (fun i => Rabs (g i)) g l) by
    (auto; intros i ->; apply Rabs_R0). unfold additions. destruct (few_terms _ _ _ T) as [[-> ->]|T'].
  - simpl. rewrite Rminus_0_r, Rabs_R0. lra.
  - destruct (tree_ok _ _ _ T') as (m & -> & _ & B). exact B.
Qed.

(* accumulated: the result of a sum is rounded to the format, where the accumulator is wider. *)

Definition accumulated (y e : R) := if accumulates then rounded y e 1 0 else e.

Definition rounds_sum (s v : R) := if accumulates then Rabs (v - s) <= gamma 1 * Rabs s else v = s.

Lemma accumulated_ok y s v e : Rabs (s - y) <= e -> rounds_sum s v -> Rabs (v - y) <= accumulated y e.
Proof.
  unfold accumulated, rounds_sum. intros H R. destruct accumulates; [|now rewrite R].
  apply rounded_ok with (s := s); [assumption|lra].
Qed.

Definition sum_bound (a e : nat -> R) (n : nat) :=
  let error := sum_f_R0 e n in
  let sizes := sum_f_R0 (fun i => Rabs (a i)) n + error in
  accumulated (sum_f_R0 a n) (error + (gamma_of_sum n * sizes + INR n * flushed)).

Lemma sum_close g a e n : (forall i, (i <= n)%nat -> Rabs (g i - a i) <= e i) ->
  Rabs (sum_f_R0 g n - sum_f_R0 a n) <= sum_f_R0 e n /\
  sum_f_R0 (fun i => Rabs (g i)) n <= sum_f_R0 (fun i => Rabs (a i)) n + sum_f_R0 e n.
Proof.
  induction n as [|n IH]; intros H; simpl; pose proof (near _ _ _ (H _ (le_n _))).
  - split; [now apply H|lra].
  - destruct IH as [I J]; [intros; apply H; lia|]. specialize (H _ (le_n _)). split; [|lra].
    revert H I. split_Rabs; lra.
Qed.

(* A tree over the terms g 0 to g n, in any order. *)
Lemma tree_of_all g n l s : Permutation (seq 0 (S n)) l -> tree g l s ->
  let sizes := sum_f_R0 (fun i => Rabs (g i)) n in
  Rabs s <= (1 + gamma_of_sum n) * sizes /\
  Rabs (s - sum_f_R0 g n) <= gamma_of_sum n * sizes + INR n * flushed.
Proof.
  intros P T. destruct (tree_ok _ _ _ T) as (m & L & A & B).
  rewrite <- !(total_permutation _ _ _ P), !total_seq in *.
  apply Permutation_length in P. rewrite seq_length, L in P. injection P as <-. now split.
Qed.

Lemma sum_ok g l s v a e n : (forall i, (i <= n)%nat -> Rabs (g i - a i) <= e i) ->
  Permutation (seq 0 (S n)) l -> tree g l s -> rounds_sum s v -> Rabs (v - sum_f_R0 a n) <= sum_bound a e n.
Proof.
  intros H P T. apply accumulated_ok. destruct (sum_close _ _ _ _ H) as [I J].
  destruct (tree_of_all _ _ _ _ P T) as [_ B].
  pose proof (triangle s (sum_f_R0 g n) (sum_f_R0 a n)). pose proof (gamma_of_sum_nonneg M ok n).
  assert (gamma_of_sum n * sum_f_R0 (fun i => Rabs (g i)) n <=
          gamma_of_sum n * (sum_f_R0 (fun i => Rabs (a i)) n + sum_f_R0 e n)) by (apply Rmult_le_compat_l; lra).
  lra.
Qed.

(* matmul: one row by one column, a sum of products that are made in the accumulator's precision. *)

Definition matmul_bound (a e b f : nat -> R) (n : nat) :=
  let error := sum_f_R0 (fun i => product_error (a i) (coarse (a i) (e i)) (b i) (coarse (b i) (f i))) n in
  let sizes := sum_f_R0 (fun i => Rabs (a i) * Rabs (b i)) n + error in
  let own := gamma_of_sum (S n) * sizes + (1 + gamma_of_sum (S n)) * (INR (S n) * (underflow + flushed)) in
  accumulated (sum_f_R0 (fun i => a i * b i) n) (error + own).

Lemma matmul_ok x y x' y' p l s v a e b f n :
  (forall i, (i <= n)%nat -> Rabs (x i - a i) <= e i) -> (forall i, (i <= n)%nat -> Rabs (y i - b i) <= f i) ->
  (forall i, (i <= n)%nat -> keeps (x i) (x' i)) -> (forall i, (i <= n)%nat -> keeps (y i) (y' i)) ->
  (forall i, (i <= n)%nat -> rounds_small M inner_unit (x' i * y' i) (p i)) ->
  Permutation (seq 0 (S n)) l -> tree p l s -> rounds_sum s v ->
  Rabs (v - sum_f_R0 (fun i => a i * b i) n) <= matmul_bound a e b f n.
Proof.
  intros A B K L R P T. apply accumulated_ok. destruct (tree_of_all _ _ _ _ P T) as [_ C].
  set (product i := product_error (a i) (coarse (a i) (e i)) (b i) (coarse (b i) (f i))).
  set (size i := Rabs (a i) * Rabs (b i)). set (w := underflow).
  assert (D : forall i, (i <= n)%nat -> Rabs (x' i * y' i - a i * b i) <= product i).
  { intros i I. apply product_ok; [apply coarse_ok with (x i)|apply coarse_ok with (y i)]; auto. }
  set (g1 := gamma_of_sum 1). assert (G1 : 0 <= g1) by apply (gamma_of_sum_nonneg M ok).
  assert (E : forall i, (i <= n)%nat -> Rabs (p i - a i * b i) <= product i + (g1 * (size i + product i) + w)).
  { intros i I. specialize (D i I). specialize (R i I). unfold rounds_small in R. fold (gamma_of_sum 1) in R.
    fold g1 in R. pose proof (triangle (p i) (x' i * y' i) (a i * b i)).
    pose proof (near _ _ _ D) as N. rewrite (Rabs_mult (a i)) in N. fold (size i) in N. fold w in R.
    assert (g1 * Rabs (x' i * y' i) <= g1 * (size i + product i)) by (apply Rmult_le_compat_l; lra). lra. }
  destruct (sum_close _ _ _ _ E) as [F H]. fold size.
  rewrite (sum_eq (fun i => Rabs (a i * b i)) size) in H by (intros; apply Rabs_mult).
  set (error := sum_f_R0 product n). fold product. fold error.
  assert (Q : sum_f_R0 (fun i => product i + (g1 * (size i + product i) + w)) n =
    error + (g1 * (sum_f_R0 size n + error) + INR (S n) * w)).
  { rewrite !sum_plus, sum_cte. unfold error. rewrite <- !sum_plus.
    rewrite (sum_eq (fun i => g1 * (size i + product i)) (fun i => (size i + product i) * g1)) by (intros; ring).
    rewrite <- scal_sum. ring. }
  rewrite Q in *. set (sizes := sum_f_R0 size n + error) in *.
  pose proof (triangle s (sum_f_R0 p n) (sum_f_R0 (fun i => a i * b i) n)) as U.
  pose proof (gamma_of_sum_nonneg M ok n) as Gn. pose proof (losses M ok). pose proof (pos_INR n). rewrite S_INR in *.
  replace (gamma_of_sum (S n)) with ((1 + g1) * (1 + gamma_of_sum n) - 1)
    by (unfold g1, gamma_of_sum; rewrite growth_step; ring).
  set (gn := gamma_of_sum n) in *. set (k := INR n) in *. fold w.
  assert (gn * sum_f_R0 (fun i => Rabs (p i)) n <= gn * (sizes + (g1 * sizes + (k + 1) * w)))
    by (apply Rmult_le_compat_l; unfold sizes in *; lra).
  assert (0 <= w) by (unfold w; lra). assert (0 <= (k + 1) * w) by (apply Rmult_le_pos; lra).
  assert (0 <= g1 * (1 + gn) * ((k + 1) * w)) by (repeat apply Rmult_le_pos; lra).
  assert (0 <= (k + 1) * flushed) by (apply Rmult_le_pos; lra).
  assert (0 <= ((1 + g1) * (1 + gn) - 1) * ((k + 1) * flushed)) by (apply Rmult_le_pos; [nra|lra]).
  lra.
Qed.

(* partial: no partial sum is larger than the sum of all sizes, and what they grow by. *)

Inductive partial_sum (g : nat -> R) : list nat -> R -> R -> Prop :=
| whole l v : tree g l v -> partial_sum g l v v
| left_part l1 l2 v1 v2 v w : partial_sum g l1 v1 w -> tree g l2 v2 -> rounds M inner_unit (v1 + v2) v ->
    partial_sum g (l1 ++ l2) v w
| right_part l1 l2 v1 v2 v w : tree g l1 v1 -> partial_sum g l2 v2 w -> rounds M inner_unit (v1 + v2) v ->
    partial_sum g (l1 ++ l2) v w.

Lemma partial_ok g l v w : partial_sum g l v w ->
  exists m, length l = S m /\ Rabs w <= (1 + gamma_of_sum m) * sizes g l.
Proof.
  assert (grow : forall m1 m2 T1 T2, 0 <= T1 -> 0 <= T2 ->
    (1 + gamma_of_sum m1) * T1 <= (1 + gamma_of_sum (S (m1 + m2))) * (T1 + T2)).
  { intros. pose proof (growth_monotone _ (inner_lt_1 M ok) m1 (S (m1 + m2)) ltac:(lia)).
    pose proof (gamma_of_sum_nonneg M ok m1). apply Rmult_le_compat; try lra. unfold gamma_of_sum. lra. }
  induction 1 as [l v T|l1 l2 v1 v2 v w _ (m1 & L1 & A) T _|l1 l2 v1 v2 v w T _ (m2 & L2 & A) _].
  - destruct (tree_ok _ _ _ T) as (m & L & A & _). now exists m.
  - destruct (tree_ok _ _ _ T) as (m2 & L2 & _). exists (S (m1 + m2)). rewrite app_length, total_app.
    split; [lia|]. pose proof (grow m1 m2 _ _ (sizes_nonneg g l1) (sizes_nonneg g l2)). lra.
  - destruct (tree_ok _ _ _ T) as (m1 & L1 & _). exists (S (m1 + m2)). rewrite app_length, total_app.
    split; [lia|]. pose proof (grow m2 m1 _ _ (sizes_nonneg g l2) (sizes_nonneg g l1)) as G.
    rewrite (Nat.add_comm m2), (Rplus_comm (sizes g l2)) in G. lra.
Qed.

(* surely: where the value is further above the largest number than its error, so is every result. *)
Lemma surely_ok y v e largest : Rabs (v - y) <= e -> largest < Rabs y - e -> largest < Rabs v.
Proof. split_Rabs; lra. Qed.

(* where: the condition is a < b. If errors may turn it, the result may be that of either branch. *)

Definition either (x g y h : R) := Rmax g (Rabs (y - x) + h).

Definition where_bound (a e b f x g y h : R) :=
  if Rlt_dec (a - e) (b + f)
  then if Rle_dec (b - f) (a + e)
       then if Rlt_dec a b then either x g y h else either y h x g
       else g
  else h.

Definition doubtful (a e b f : R) := a - e < b + f /\ b - f <= a + e.

Lemma sure a b u w e f : Rabs (u - a) <= e -> Rabs (w - b) <= f ->
  (u < w -> b <= a -> doubtful a e b f) /\ (w <= u -> a < b -> doubtful a e b f).
Proof. unfold doubtful. intros A B. apply within in A, B. split; intros; lra. Qed.

Lemma either_ok x y v g h : Rabs (v - x) <= g \/ Rabs (v - y) <= h -> Rabs (v - x) <= either x g y h.
Proof.
  unfold either. intros [H|H]; [apply Rle_trans with (2 := Rmax_l _ _); assumption|].
  apply Rle_trans with (2 := Rmax_r _ _). pose proof (triangle v y x). lra.
Qed.

Lemma where_ok a b u w e f x g y h v : Rabs (u - a) <= e -> Rabs (w - b) <= f ->
  (u < w -> Rabs (v - x) <= g) -> (w <= u -> Rabs (v - y) <= h) ->
  Rabs (v - (if Rlt_dec a b then x else y)) <= where_bound a e b f x g y h.
Proof.
  intros A B X Y. pose proof (within _ _ A). pose proof (within _ _ B). unfold where_bound.
  assert (Z : Rabs (v - x) <= g \/ Rabs (v - y) <= h) by (destruct (Rlt_dec u w); [left|right]; [apply X|apply Y]; lra).
  destruct (Rlt_dec (a - e) (b + f)); [destruct (Rle_dec (b - f) (a + e))|]; destruct (Rlt_dec a b);
    try (apply either_ok; tauto); (apply X; lra) || (apply Y; lra) || lra.
Qed.

(* astype: a narrower format, of the unit roundoff u. *)

Definition astype_bound (u loss x e : R) :=
  let charged := e + growth u 1 * (Rabs x + e) + loss in
  if Req_EM_T x 0 then if Req_EM_T e 0 then 0 else charged else charged.

Lemma astype_ok u loss a x v e : 0 <= u < 1 -> 0 <= loss -> Rabs (x - a) <= e ->
  Rabs (v - x) <= growth u 1 * Rabs x + loss -> (x = 0 -> v = 0) -> Rabs (v - a) <= astype_bound u loss a e.
Proof.
  intros U L A R Z. pose proof (near _ _ _ A). pose proof (triangle v x a). pose proof (growth_nonneg u U 1).
  assert (growth u 1 * Rabs x <= growth u 1 * (Rabs a + e)) by (apply Rmult_le_compat_l; lra).
  unfold astype_bound. destruct Req_EM_T as [E|]; [destruct Req_EM_T as [F|]|]; [|lra..].
  subst a e. rewrite Z by now apply without_error. rewrite Rminus_diag_eq, Rabs_R0; lra.
Qed.

(* elementary: a library function, exact at one point. *)

Definition elementary (x e at_x y own ulp loss : R) :=
  let charged := own + 2 * ulp * unit_roundoff * (Rabs y + own) + loss in
  if Req_EM_T x at_x then if Req_EM_T e 0 then 0 else charged else charged.

Lemma library_ok y s v own ulp loss : 0 <= ulp -> Rabs (s - y) <= own -> library M ulp loss s v ->
  Rabs (v - y) <= own + 2 * ulp * unit_roundoff * (Rabs y + own) + loss.
Proof.
  intros H1 H2 H3. pose proof (triangle v s y). pose proof (near _ _ _ H2). pose proof (unit_range M ok).
  assert (2 * ulp * unit_roundoff * Rabs s <= 2 * ulp * unit_roundoff * (Rabs y + own)).
  { apply Rmult_le_compat_l; [|assumption]. repeat apply Rmult_le_pos; lra. }
  unfold library in H3. lra.
Qed.

Lemma elementary_ok x' x e at_x y v own ulp loss : Rabs (x' - x) <= e -> (x = at_x -> x' = at_x -> v = y) ->
  Rabs (v - y) <= own + 2 * ulp * unit_roundoff * (Rabs y + own) + loss ->
  Rabs (v - y) <= elementary x e at_x y own ulp loss.
Proof.
  intros H1 H2 H3. unfold elementary. destruct Req_EM_T as [E|]; [|assumption].
  destruct Req_EM_T as [F|]; [|assumption]. subst e. apply without_error in H1. subst x'.
  rewrite H2 by assumption. rewrite Rminus_diag_eq, Rabs_R0; lra.
Qed.

(* exp: the argument may be scaled on the way to exp2, by two roundings. What it is scaled by is off in proportion to
   the argument as it is, its own error included. *)

Definition exp_bound (x e : R) :=
  let argument := e + 2 * inner_unit * (Rabs x + e) in
  let own := if Rlt_dec argument 1 then exp x * (exp argument - 1) else exp (x + argument) in
  elementary x e 0 (exp x) own (exp_ulp M) (if Rlt_dec (exp x) (4 * smallest_normal) then exp_underflow else 0).

Lemma exp_le a b : a <= b -> exp a <= exp b.
Proof. intros [H| ->]; [left; now apply exp_increasing|lra]. Qed.

Lemma exp_close x t d : Rabs (t - x) <= d -> Rabs (exp t - exp x) <= exp x * (exp d - 1).
Proof.
  intros H. replace t with (x + (t - x)) at 1 by ring. rewrite exp_plus.
  pose proof (exp_pos x). pose proof (exp_pos d).
  assert (exp (t - x) <= exp d) by (apply exp_le; revert H; split_Rabs; lra).
  assert (L : exp (- d) <= exp (t - x)) by (apply exp_le; revert H; split_Rabs; lra).
  rewrite exp_Ropp in L.
  assert (2 - exp d <= / exp d).
  { apply Rmult_le_reg_l with (exp d); [assumption|]. rewrite Rinv_r by lra.
    pose proof (Rle_0_sqr (exp d - 1)). unfold Rsqr in *. lra. }
  apply Rabs_le. split; nra.
Qed.

Lemma exp_ok x e x' z v : Rabs (x' - x) <= e -> Rabs (z - x') <= 2 * inner_unit * Rabs x' ->
  library M (exp_ulp M) (if Rlt_dec (exp z) smallest_normal then exp_underflow else 0) (exp z) v ->
  (x' = 0 -> v = 1) -> Rabs (v - exp x) <= exp_bound x e.
Proof.
  intros H1 H2 H3 H4. unfold exp_bound. set (argument := e + 2 * inner_unit * (Rabs x + e)).
  set (own := if Rlt_dec argument 1 then exp x * (exp argument - 1) else exp (x + argument)).
  apply elementary_ok with x'; [assumption|intros -> ->; rewrite exp_0; auto|].
  pose proof (exp_pos x) as Px. pose proof (exp_pos z) as Pz. pose proof (inner_lt_1 M ok). pose proof (exp_loss M ok).
  assert (Hz : Rabs (z - x) <= argument).
  { pose proof (triangle z x' x). pose proof (near _ _ _ H1). unfold argument.
    assert (2 * inner_unit * Rabs x' <= 2 * inner_unit * (Rabs x + e)) by (apply Rmult_le_compat_l; lra). lra. }
  pose proof (exp_close _ _ _ Hz) as Hy.
  assert (Ho : Rabs (exp z - exp x) <= own).
  { unfold own. destruct (Rlt_dec argument 1); [exact Hy|]. rewrite exp_plus. lra. }
  assert (0 <= own) by (pose proof (Rabs_pos (exp z - exp x)); lra). pose proof (exp_range M ok) as Hr.
  unfold library in H3. rewrite (Rabs_pos_eq (exp x)), (Rabs_pos_eq (exp z)) in * by lra.
  set (k := 2 * exp_ulp M * unit_roundoff) in *.
  assert (Hd : k * exp z <= k * (exp x + own)).
  { apply Rmult_le_compat_l; [lra|]. apply within in Ho. lra. }
  pose proof (triangle v (exp z) (exp x)).
  destruct (Rlt_dec (exp z) smallest_normal), (Rlt_dec (exp x) (4 * smallest_normal)); try lra.
  (* exp z may underflow, and exp x is not small: then the argument is so far off that the bound covers any result. *)
  assert (1 <= argument).
  { destruct (Rlt_dec argument 1) as [A|]; [|lra]. exfalso.
    assert (exp x <= exp z * exp 1) by (rewrite <- exp_plus; apply exp_le; apply within in Hz; lra).
    pose proof exp_le_3. assert (exp z * exp 1 <= exp z * 3) by (apply Rmult_le_compat_l; lra). lra. }
  assert (2 * exp x <= own).
  { unfold own. destruct (Rlt_dec argument 1); [lra|]. rewrite exp_plus.
    assert (exp 1 <= exp argument) by now apply exp_le.
    pose proof (exp_ineq1 1 ltac:(lra)). nra. }
  assert (0 <= k * (exp x + own)) by (apply Rmult_le_pos; lra).
  assert (k * exp z <= 1 * exp z) by (apply Rmult_le_compat_r; lra).
  assert (Rabs (exp z - exp x) <= exp x) by (apply Rabs_le; lra). lra.
Qed.

(* expm1 *)

Definition expm1_bound (x e : R) := elementary x e 0 (exp x - 1) (exp x * (exp e - 1)) (expm1_ulp M) underflow.

Lemma expm1_ok x e x' v : Rabs (x' - x) <= e -> library M (expm1_ulp M) underflow (exp x' - 1) v ->
  (x' = 0 -> v = 0) -> Rabs (v - (exp x - 1)) <= expm1_bound x e.
Proof.
  intros H1 H2 H3. apply elementary_ok with x'; [assumption|intros -> ->; rewrite exp_0, H3; lra|].
  apply library_ok with (exp x' - 1); [apply (ulp_range M ok)| |assumption].
  replace (exp x' - 1 - (exp x - 1)) with (exp x' - exp x) by ring. now apply exp_close.
Qed.

(* log *)

Definition log_bound (x e : R) := elementary x e 1 (ln x) (- ln (1 - e / x)) (log_ulp M) 0.

Lemma ln_le a b : 0 < a -> a <= b -> ln a <= ln b.
Proof. intros H [L| ->]; [left; now apply ln_increasing|lra]. Qed.

Lemma ln_close x e x' : Rabs (x' - x) <= e -> e < x -> Rabs (ln x' - ln x) <= - ln (1 - e / x).
Proof.
  intros H1 H2. pose proof (error_nonneg _ _ _ H1).
  assert (X : x * (e / x) = e) by (field; lra).
  assert (T : x * (x' / x) = x') by (field; lra).
  set (d := e / x) in *. set (t := x' / x) in *.
  assert (0 <= d) by (apply Rmult_le_reg_l with x; lra).
  assert (d < 1) by (apply Rmult_lt_reg_l with x; lra).
  assert (1 - d <= t) by (apply Rmult_le_reg_l with x; [lra|]; revert H1; split_Rabs; nra).
  assert (t <= 1 + d) by (apply Rmult_le_reg_l with x; [lra|]; revert H1; split_Rabs; nra).
  rewrite <- T, ln_mult by lra.
  assert (ln (1 - d) <= ln t) by (apply ln_le; lra).
  assert (ln t <= - ln (1 - d)).
  { rewrite <- ln_Rinv by lra. apply ln_le; [lra|].
    apply Rmult_le_reg_l with (1 - d); [lra|]. rewrite Rinv_r by lra. nra. }
  apply Rabs_le. lra.
Qed.

Lemma log_ok x e x' v : Rabs (x' - x) <= e -> e < x -> library M (log_ulp M) 0 (ln x') v ->
  (x' = 1 -> v = 0) -> Rabs (v - ln x) <= log_bound x e.
Proof.
  intros H1 H2 H3 H4. apply elementary_ok with x'; [assumption|intros -> ->; rewrite ln_1; auto|].
  apply library_ok with (ln x'); [apply (ulp_range M ok)| |assumption]. now apply ln_close.
Qed.

(* sqrt: of what is not negative. bounded.py has an infinite bound where it may be. *)

Definition sqrt_bound (x e : R) :=
  let own := if Rlt_dec e x then e / (sqrt x + sqrt (Rmax (x - e) 0)) else sqrt (Rmax x 0 + e) in
  elementary x e 0 (sqrt x) own (sqrt_ulp M) flushed.

Lemma sqrt_close x e x' : Rabs (x' - x) <= e -> 0 <= x' -> Rabs (sqrt x' - sqrt x) <=
  if Rlt_dec e x then e / (sqrt x + sqrt (Rmax (x - e) 0)) else sqrt (Rmax x 0 + e).
Proof.
  intros H1 H2. pose proof (error_nonneg _ _ _ H1). pose proof (sqrt_pos x). pose proof (sqrt_pos x').
  destruct Rlt_dec as [L|L].
  - rewrite Rmax_left by lra. assert (0 < sqrt x) by (apply sqrt_lt_R0; lra).
    assert (sqrt (x - e) <= sqrt x') by (apply sqrt_le_1; try lra; revert H1; split_Rabs; lra).
    pose proof (sqrt_pos (x - e)).
    apply Rmult_le_reg_r with (sqrt x + sqrt (x - e)); [lra|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    apply Rle_trans with (Rabs (sqrt x' - sqrt x) * (sqrt x' + sqrt x)).
    + apply Rmult_le_compat_l; [apply Rabs_pos|lra].
    + rewrite <- (Rabs_pos_eq (sqrt x' + sqrt x)) by lra. rewrite <- Rabs_mult.
      replace ((sqrt x' - sqrt x) * (sqrt x' + sqrt x)) with (sqrt x' * sqrt x' - sqrt x * sqrt x) by ring.
      rewrite !sqrt_sqrt by lra. assumption.
  - assert (sqrt x' <= sqrt (Rmax x 0 + e)).
    { apply sqrt_le_1_alt. unfold Rmax. destruct Rle_dec; revert H1; split_Rabs; lra. }
    assert (sqrt x <= sqrt (Rmax x 0 + e)).
    { apply sqrt_le_1_alt. unfold Rmax. destruct Rle_dec; lra. }
    apply Rabs_le. lra.
Qed.

Lemma sqrt_ok x e x' v : Rabs (x' - x) <= e -> 0 <= x' -> library M (sqrt_ulp M) flushed (sqrt x') v ->
  (x' = 0 -> v = 0) -> Rabs (v - sqrt x) <= sqrt_bound x e.
Proof.
  intros H1 H2 H3 H4. apply elementary_ok with x'; [assumption|intros -> ->; rewrite sqrt_0; auto|].
  apply library_ok with (sqrt x'); [apply (ulp_range M ok)| |assumption]. now apply sqrt_close.
Qed.

(* decayed: an error that each step multiplies by beta, and adds to. What a step adds is bounded at the exact state; at
   the computed one it is more, by at most g times beta times how far the state is off. *)

Fixpoint decayed (beta : R) (own : nat -> R) (k : nat) : R :=
  match k with O => 0 | S j => beta * decayed beta own j + own j end.

Lemma decayed_ok (step : nat -> R -> R) (state computed : nat -> R) (own : nat -> R) beta g :
  0 <= beta -> 0 <= g -> (forall k, 0 <= own k) ->
  (forall k x y, Rabs (step k x - step k y) <= beta * Rabs (x - y)) ->
  (forall k, state (S k) = step k (state k)) -> computed O = state O ->
  (forall k, Rabs (computed (S k) - step k (computed k)) <= own k + g * (beta * Rabs (computed k - state k))) ->
  forall k, Rabs (computed k - state k) <= (1 + g) ^ k * decayed beta own k.
Proof.
  intros B G O L S0 C0 C k. assert (D : forall j, 0 <= decayed beta own j).
  { induction j as [|j IH]; simpl; [lra|]. specialize (O j). assert (0 <= beta * decayed beta own j) by nra. lra. }
  induction k as [|k IH]; [simpl; rewrite C0, Rminus_diag_eq, Rabs_R0; lra|].
  rewrite S0. specialize (C k). specialize (L k (computed k) (state k)). specialize (O k). specialize (D k).
  pose proof (triangle (computed (S k)) (step k (computed k)) (step k (state k))).
  assert (P : 1 <= (1 + g) ^ k) by (apply pow_R1_Rle; lra).
  assert (N : (1 + g) * (beta * Rabs (computed k - state k)) <= (1 + g) * (beta * ((1 + g) ^ k * decayed beta own k))).
  { apply Rmult_le_compat_l; [lra|]. now apply Rmult_le_compat_l. }
  assert (own k <= (1 + g) * (1 + g) ^ k * own k)
    by (rewrite <- (Rmult_1_l (own k)) at 1; apply Rmult_le_compat_r; nra).
  simpl. lra.
Qed.
End Rules.
