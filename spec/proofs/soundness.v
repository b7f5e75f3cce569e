(* adam.first_moment, adam.second_moment, adam.bias_correction, adam.update, neuron.value, dense.value, relu.value,
   softmax.value, log_softmax.value, categorical_cross_entropy.value, categorical_cross_entropy_from_logits.value,
   sparse_categorical_cross_entropy_from_logits.value, neuron_vjp.value, dense_vjp.value, relu_vjp.value,
   softmax_vjp.value, log_softmax_vjp.value, categorical_cross_entropy_vjp.value,
   categorical_cross_entropy_from_logits_vjp.value, sparse_categorical_cross_entropy_from_logits_vjp.value,
   embedding.value, embedding_vjp.value, gelu.value, gelu_tanh.value, gelu_tanh_vjp.value, gelu_vjp.value,
   layer_norm.value, layer_norm_vjp.value, matmul.value, matmul_vjp.value, rms_norm.value, rms_norm_vjp.value,
   silu.value, silu_vjp.value, swiglu.value, swiglu_vjp.value,
   clip_by_global_norm.value, sgd_step.value, adamw_step.value, cross_entropy.value, cross_entropy_vjp.value,
   scaled_dot_product_attention.value, scaled_dot_product_attention_vjp.value, rotary_embedding.value,
   rotary_embedding_vjp.value:
   the bound of every formula is sound, for every input and every way to evaluate it. Steps by erf, tanh and the
   logistic function are none of these operations: what is proved starts from the error of their results.

   A formula is an expression, `expr`. It has an exact value over the real numbers. `adm t v` says that correct
   arithmetic may return v for t: each operation is within the model of rounding, sums are made in any order and by any
   tree, with or without fused multiply-add, in a wider accumulator or not, quotients may be made by a reciprocal, exp
   by exp2, and library functions are good to so many ulp. `bound t` is what conformance/arithmetic/bounded.py computes,
   by its rules. The theorem: all that is admitted is within the bound.

   Results are real numbers, neither NaN nor infinite: overflow is excluded. `finite t` says where bounds are finite. *)

Require Import Reals Lra Lia List Permutation.
Require Import rounding rules.
Open Scope R_scope.

Inductive expr : Type :=
| Input (x e : R) (* a value and its error: lift, cast_error *)
| Neg (a : expr)
| Add (a b : expr)
| Sub (a b : expr)
| Mul (a b : expr)
| Div (a b : expr)
| Sum (a : nat -> expr) (n : nat) (* of a 0 to a n: n additions *)
| Matmul (a b : nat -> expr) (n : nat) (* the sum of a 0 b 0 to a n b n: a row by a column *)
| Max (a : nat -> expr) (n : nat)
| Where (a b x y : expr) (* x where a < b, else y *)
| Cast (u loss : R) (a : expr) (* to a format whose unit roundoff is u: astype *)
| Exp (a : expr)
| Expm1 (a : expr)
| Log (a : expr)
| Sqrt (a : expr).

Fixpoint exact (t : expr) : R :=
  match t with
  | Input x e => x
  | Neg a => - exact a
  | Add a b => exact a + exact b
  | Sub a b => exact a - exact b
  | Mul a b => exact a * exact b
  | Div a b => exact a / exact b
  | Sum a n => sum_f_R0 (fun i => exact (a i)) n
  | Matmul a b n => sum_f_R0 (fun i => exact (a i) * exact (b i)) n
  | Max a n => maximum (fun i => exact (a i)) n
  | Where a b x y => if Rlt_dec (exact a) (exact b) then exact x else exact y
  | Cast u loss a => exact a
  | Exp a => exp (exact a)
  | Expm1 a => exp (exact a) - 1
  | Log a => ln (exact a)
  | Sqrt a => sqrt (exact a)
  end.

Section Soundness.
Variable M : Model.

(* An operation returns anything within the model of what its operands returned. So two uses of one expression may have
   different results, and each operation may have a format of its own. *)
Inductive adm : expr -> R -> Prop :=
| adm_input x e v : Rabs (v - x) <= e -> adm (Input x e) v
| adm_neg a x : adm a x -> adm (Neg a) (- x)
| adm_add a b x y v : adm a x -> adm b y -> rounds M (unit_roundoff M) (x + y) v -> adm (Add a b) v
| adm_sub a b x y v : adm a x -> adm b y -> rounds M (unit_roundoff M) (x - y) v -> adm (Sub a b) v
| adm_mul a b x y x' y' v : adm a x -> adm b y -> keeps M x x' -> keeps M y y' ->
    rounds_small M (unit_roundoff M) (x' * y') v -> adm (Mul a b) v
| adm_div a b x y v : adm a x -> adm b y -> rounds_small M (unit_roundoff M) (x / y) v -> adm (Div a b) v
| adm_reciprocal a b x y r v : adm a x -> adm b y -> (2 <= division M)%nat -> reciprocal M y r ->
    rounds_small M (unit_roundoff M) (x * r) v -> adm (Div a b) v
| adm_sum a n x l s v : (forall i, (i <= n)%nat -> adm (a i) (x i)) -> Permutation (seq 0 (S n)) l ->
    tree M x l s -> rounds_sum M s v -> adm (Sum a n) v
| adm_matmul a b n x y x' y' p l s v :
    (forall i, (i <= n)%nat -> adm (a i) (x i)) -> (forall i, (i <= n)%nat -> adm (b i) (y i)) ->
    (forall i, (i <= n)%nat -> keeps M (x i) (x' i)) -> (forall i, (i <= n)%nat -> keeps M (y i) (y' i)) ->
    (forall i, (i <= n)%nat -> rounds_small M (inner_unit M) (x' i * y' i) (p i)) ->
    Permutation (seq 0 (S n)) l -> tree M p l s -> rounds_sum M s v -> adm (Matmul a b n) v
| adm_max a n x : (forall i, (i <= n)%nat -> adm (a i) (x i)) -> adm (Max a n) (maximum x n)
| adm_where a b x y u w v : adm a u -> adm b w -> (u < w -> adm x v) -> (w <= u -> adm y v) -> adm (Where a b x y) v
| adm_cast u loss a x v : adm a x -> Rabs (v - x) <= growth u 1 * Rabs x + loss -> (x = 0 -> v = 0) ->
    adm (Cast u loss a) v
| adm_exp a x z v : adm a x -> Rabs (z - x) <= 2 * inner_unit M * Rabs x ->
    library M (exp_ulp M) (if Rlt_dec (exp z) (smallest_normal M) then exp_underflow M else 0) (exp z) v ->
    (x = 0 -> v = 1) -> adm (Exp a) v
| adm_expm1 a x v : adm a x -> library M (expm1_ulp M) (underflow M) (exp x - 1) v -> (x = 0 -> v = 0) ->
    adm (Expm1 a) v
| adm_log a x v : adm a x -> library M (log_ulp M) 0 (ln x) v -> (x = 1 -> v = 0) -> adm (Log a) v
| adm_sqrt a x v : adm a x -> 0 <= x -> library M (sqrt_ulp M) (flushed M) (sqrt x) v -> (x = 0 -> v = 0) ->
    adm (Sqrt a) v.

Fixpoint bound (t : expr) : R :=
  match t with
  | Input x e => e
  | Neg a => bound a
  | Add a b => add_bound M (exact a) (bound a) (exact b) (bound b)
  | Sub a b => sub_bound M (exact a) (bound a) (exact b) (bound b)
  | Mul a b => mul_bound M (exact a) (bound a) (exact b) (bound b)
  | Div a b => div_bound M (exact a) (bound a) (exact b) (bound b)
  | Sum a n => sum_bound M (fun i => exact (a i)) (fun i => bound (a i)) n
  | Matmul a b n =>
      matmul_bound M (fun i => exact (a i)) (fun i => bound (a i)) (fun i => exact (b i)) (fun i => bound (b i)) n
  | Max a n => maximum (fun i => bound (a i)) n
  | Where a b x y =>
      where_bound (exact a) (bound a) (exact b) (bound b) (exact x) (bound x) (exact y) (bound y)
  | Cast u loss a => astype_bound u loss (exact a) (bound a)
  | Exp a => exp_bound M (exact a) (bound a)
  | Expm1 a => expm1_bound M (exact a) (bound a)
  | Log a => log_bound M (exact a) (bound a)
  | Sqrt a => sqrt_bound M (exact a) (bound a)
  end.

(* Where the bound is finite: no division by what may be 0, no logarithm of it. bounded.py has infinite bounds in more
   places: where a result may overflow, and where the root of a negative number may be taken. *)
Fixpoint finite (t : expr) : Prop :=
  match t with
  | Input _ _ => True
  | Neg a | Exp a | Expm1 a | Sqrt a => finite a
  | Add a b | Sub a b | Mul a b => finite a /\ finite b
  | Div a b => finite a /\ finite b /\ bound b < Rabs (exact b)
  | Sum a n | Max a n => forall i, (i <= n)%nat -> finite (a i)
  | Matmul a b n => forall i, (i <= n)%nat -> finite (a i) /\ finite (b i)
  | Where a b x y =>
      let doubt := doubtful (exact a) (bound a) (exact b) (bound b) in
      finite a /\ finite b /\ (exact a < exact b \/ doubt -> finite x) /\ (exact b <= exact a \/ doubt -> finite y)
  | Cast u loss a => finite a /\ 0 <= u < 1 /\ 0 <= loss
  | Log a => finite a /\ bound a < exact a
  end.

Theorem soundness t v : valid M -> adm t v -> finite t -> Rabs (v - exact t) <= bound t.
Proof.
  intros ok. induction 1; cbn [finite exact bound]; intros W.
  - assumption.
  - apply neg_ok; auto.
  - destruct W. apply add_ok with x y; auto.
  - destruct W. apply sub_ok with x y; auto.
  - destruct W. apply mul_ok with x y x' y'; auto.
  - destruct W as (Wa & Wb & L). apply truediv_ok with x y; auto.
  - destruct W as (Wa & Wb & L). apply truediv_ok with x y; auto. right. split; [assumption|]. now exists r.
  - apply sum_ok with x l s; auto.
  - apply matmul_ok with x y x' y' p l s; auto; intros i I; destruct (W i I); auto.
  - apply max_ok; auto.
  - destruct W as (Wa & Wb & Wx & Wy). specialize (IHadm1 Wa). specialize (IHadm2 Wb).
    destruct (sure _ _ _ _ _ _ IHadm1 IHadm2) as [S1 S2].
    apply where_ok with u w; auto; intros L.
    + apply H2; [assumption|]. apply Wx. destruct (Rlt_dec (exact a) (exact b)); [now left|right; apply S1; lra].
    + apply H4; [assumption|]. apply Wy. destruct (Rlt_dec (exact a) (exact b)); [right; apply S2|left]; lra.
  - destruct W as (Wa & U & L). apply astype_ok with x; auto.
  - apply exp_ok with x z; auto.
  - apply expm1_ok with x; auto.
  - destruct W as [Wa L]. apply log_ok with x; auto.
  - apply sqrt_ok with x; auto.
Qed.
End Soundness.
