/* Layers in C as teaching programs write them: plain loops over rows in float, one function a layer. */
#include <math.h>

void relu(float *y, const float *x, int n) {
    for (int i = 0; i < n; i++) y[i] = x[i] > 0.0f ? x[i] : 0.0f;
}

void dense(float *y, const float *x, const float *w, const float *b, int rows, int n, int m) {
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < m; k++) {
            float sum = b[k];
            for (int i = 0; i < n; i++) sum += x[r * n + i] * w[i * m + k];
            y[r * m + k] = sum;
        }
}

void softmax(float *y, const float *x, int rows, int n) {
    for (int r = 0; r < rows; r++) {
        const float *in = x + r * n;
        float *out = y + r * n;
        float largest = -10000.0f; /* "small enough" */
        for (int i = 0; i < n; i++)
            if (in[i] > largest) largest = in[i];
        float sum = 0.0f;
        for (int i = 0; i < n; i++) {
            out[i] = expf(in[i] - largest);
            sum += out[i];
        }
        for (int i = 0; i < n; i++) out[i] /= sum;
    }
}

void cross_entropy(float *losses, const float *p, const int *labels, int rows, int n) {
    for (int r = 0; r < rows; r++) losses[r] = -logf(p[r * n + labels[r]]);
}

void adam(float *theta, const float *grad, float *m, float *v, int n, int t, float rate, float beta1, float beta2,
          float epsilon) {
    for (int i = 0; i < n; i++) {
        m[i] = beta1 * m[i] + (1.0f - beta1) * grad[i];
        v[i] = beta2 * v[i] + (1.0f - beta2) * grad[i] * grad[i];
        float m_hat = m[i] / (1.0f - powf(beta1, t));
        float v_hat = v[i] / (1.0f - powf(beta2, t));
        theta[i] -= rate * m_hat / (sqrtf(v_hat) + epsilon);
    }
}
