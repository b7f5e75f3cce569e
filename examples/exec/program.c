/* Softmax and Adam in C, as a program that `gaugeblock check --exec` can judge.
 *
 *     gcc -O2 -o program examples/exec/program.c -lm && gaugeblock check --exec ./program
 *
 * Everything is computed in double; a float32 result is rounded once, at the end. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *line;   /* the request */
static int digits;   /* hexadecimal digits of an element: 8 in float32, 16 in float64 */

/* Where the value of a key begins. Keys are unique, and no string holds a quotation mark. */
static char *value(const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\": ", key);
    char *found = strstr(line, quoted);
    return found ? found + strlen(quoted) : "";
}

static double from_bits(const char *hex, int count) {
    char part[17] = {0};
    uint64_t bits = strtoull(memcpy(part, hex, count), NULL, 16);
    uint32_t low = bits;
    double wide;
    float narrow;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &low, sizeof narrow);
    return count == 8 ? narrow : wide;
}

static double number(const char *name) { return strtod(value(name), NULL); } /* correctly rounded: the same bits */

static double *array(const char *name, long size) {
    double *x = malloc((size + 1) * sizeof *x);
    char *hex = value(name) + 1;
    for (long i = 0; i < size; i++) x[i] = from_bits(hex + i * digits, digits);
    return x;
}

/* The lengths of the axes; returns how many there are. */
static int shape(const char *name, long *lengths) {
    int count = 0;
    for (char *at = value(name) + 1; *at != ']'; at += strspn(at, ", ")) lengths[count++] = strtol(at, &at, 10);
    return count;
}

static void put_array(const char *name, const double *x, long size, const char *shaped) {
    printf(", \"%s.shape\": %.*s, \"%s\": \"", name, (int)strcspn(shaped, "]") + 1, shaped, name);
    for (long i = 0; i < size; i++) {
        float narrow = x[i];
        uint32_t low;
        uint64_t bits;
        memcpy(&low, &narrow, sizeof low);
        memcpy(&bits, &x[i], sizeof bits);
        printf("%0*" PRIx64, digits, digits == 8 ? low : bits);
    }
    printf("\"");
}

/* One row, whose elements are `stride` apart. */
static void softmax_row(double *x, long n, long stride) {
    double max = x[0], sum = 0;
    for (long j = 1; j < n; j++) max = fmax(max, x[j * stride]);
    for (long j = 0; j < n; j++) sum += x[j * stride] = exp(x[j * stride] - max);
    for (long j = 0; j < n; j++) x[j * stride] /= sum;
}

static void softmax(void) {
    long lengths[32], outer = 1, inner = 1;
    int axes = shape("x.shape", lengths), axis = (int)number("axis");
    if (axis < 0) axis += axes;
    for (int i = 0; i < axes; i++) *(i < axis ? &outer : &inner) *= i == axis ? 1 : lengths[i];
    long n = lengths[axis], size = outer * n * inner;
    double *x = array("x", size);
    for (long i = 0; i < outer; i++)
        for (long k = 0; k < inner; k++) softmax_row(x + i * n * inner + k, n, inner);
    put_array("y", x, size, value("x.shape"));
    free(x);
}

static void adam_step(void) {
    long lengths[32], size = 1, step = (long)number("step") + 1;
    for (int i = shape("theta.shape", lengths) - 1; i >= 0; i--) size *= lengths[i];
    double *theta = array("theta", size), *grad = array("grad", size), *m = array("m", size), *v = array("v", size);
    double rate = number("learning_rate"), epsilon = number("epsilon"), beta1 = number("beta1"), beta2 = number("beta2");
    double c1 = -expm1(step * log(beta1)), c2 = -expm1(step * log(beta2)); /* 1 - beta^step would cancel */
    for (long i = 0; i < size; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * grad[i];
        v[i] = beta2 * v[i] + (1 - beta2) * (grad[i] * grad[i]);
        theta[i] -= rate * (m[i] / c1) / (sqrt(v[i] / c2) + epsilon);
    }
    put_array("theta", theta, size, value("theta.shape"));
    put_array("m", m, size, value("theta.shape"));
    put_array("v", v, size, value("theta.shape"));
    printf(", \"step\": %ld", step);
    free(theta), free(grad), free(m), free(v);
}

int main(void) {
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        char *function = value("function");
        digits = strncmp(value("dtype"), "\"float32\"", 9) ? 16 : 8;
        printf("{\"id\": %ld", strtol(value("id"), NULL, 10));
        if (!strncmp(function, "\"offers\"", 8))
            printf(", \"functions\": [\"softmax\", \"adam_step\"], \"dtypes\": [\"float32\", \"float64\"]");
        else if (!strncmp(function, "\"softmax\"", 9))
            softmax();
        else
            adam_step();
        printf("}\n");
        fflush(stdout);
    }
}
