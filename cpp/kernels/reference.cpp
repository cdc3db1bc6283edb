#include "reference.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

namespace vit::reference {

Matrix linear(const Matrix& a, const Matrix& w, const Matrix& bias, int rows, int inputs, int outputs) {
  Matrix out;
  for (int row = 0; row < rows; row++) {
    for (int output = 0; output < outputs; output++) {
      double sum = bias[output];
      for (int input = 0; input < inputs; input++)
        sum += a[row * inputs + input] * w[output * inputs + input];
      out.push_back(sum);
    }
  }
  return out;
}

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double activate(double x, Activation activation) {
  switch (activation) {
    case Activation::gelu: return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
    case Activation::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Activation::quick_gelu: return x * sigmoid(1.702 * x);
    case Activation::relu: return std::max(x, 0.0);
    case Activation::silu: return x * sigmoid(x);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Matrix layer_norm(const Matrix& x, const Matrix& weight, const Matrix& bias, double eps) {
  const size_t width = weight.size();
  Matrix out;
  for (size_t row = 0; row < x.size(); row += width) {
    double mean = 0, variance = 0;
    for (size_t i = 0; i < width; i++) mean += x[row + i] / width;
    for (size_t i = 0; i < width; i++) variance += (x[row + i] - mean) * (x[row + i] - mean) / width;
    for (size_t i = 0; i < width; i++) {
      out.push_back((x[row + i] - mean) / std::sqrt(variance + eps) * weight[i] + bias[i]);
    }
  }
  return out;
}

Matrix softmax(const Matrix& row) {
  const double peak = *std::max_element(row.begin(), row.end());
  double total = 0;
  for (double value : row) total += std::exp(value - peak);
  Matrix out;
  for (double value : row) out.push_back(std::exp(value - peak) / total);
  return out;
}

Matrix sigmoid(const Matrix& x) {
  Matrix out;
  for (double value : x) out.push_back(sigmoid(value));
  return out;
}

Matrix mean_of_rows(const Matrix& x, int width) {
  Matrix out(width, 0);
  const double rows = static_cast<double>(x.size()) / width;
  for (size_t i = 0; i < x.size(); i++) out[i % width] += x[i] / rows;
  return out;
}

namespace {

double cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return (a + 2) * x * x * x - (a + 3) * x * x + 1;
  return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
}

// The position of output `o` among the inputs, whose centers are at 0, 1, 2 …
double place_of(int o, int in, int out, bool aligned) {
  if (aligned) return out == 1 ? 0 : o * (in - 1.0) / (out - 1.0);
  return (o + 0.5) * (static_cast<double>(in) / out) - 0.5;
}

// weights[out × in] of one axis.
Matrix axis_weights(int in, int out, Resampling resampling) {
  Matrix weights(static_cast<size_t>(out) * in, 0);
  const bool linear = resampling == Resampling::bilinear || resampling == Resampling::bilinear_aligned;
  const bool aligned =
      resampling == Resampling::bicubic_aligned || resampling == Resampling::bilinear_aligned;
  for (int o = 0; o < out; o++) {
    double* row = weights.data() + static_cast<size_t>(o) * in;
    const double place = place_of(o, in, out, aligned);
    if (resampling == Resampling::bicubic_antialiased) {
      const double stretch = std::max(static_cast<double>(in) / out, 1.0);
      double total = 0;
      for (int i = 0; i < in; i++) total += row[i] = cubic((i - place) / stretch, -0.5);
      for (int i = 0; i < in; i++) row[i] /= total;
      continue;
    }
    for (int i = -2; i < in + 2; i++) {
      const double distance = i - place;
      row[std::clamp(i, 0, in - 1)] +=
          linear ? std::max(0.0, 1 - std::fabs(distance)) : cubic(distance, -0.75);
    }
  }
  return weights;
}

}  // namespace

Matrix resample_grid(const Matrix& grid, int rows, int columns, int channels, int out_rows, int out_columns,
                     Resampling resampling) {
  const Matrix down = axis_weights(rows, out_rows, resampling);
  const Matrix across = axis_weights(columns, out_columns, resampling);
  Matrix out;
  for (int r = 0; r < out_rows; r++) {
    for (int c = 0; c < out_columns; c++) {
      for (int channel = 0; channel < channels; channel++) {
        double sum = 0;
        for (int y = 0; y < rows; y++) {
          for (int x = 0; x < columns; x++) {
            sum +=
                down[r * rows + y] * across[c * columns + x] * grid[(y * columns + x) * channels + channel];
          }
        }
        out.push_back(sum);
      }
    }
  }
  return out;
}

Matrix attention(const Matrix& q, const Matrix& k, const Matrix& v, int tokens, int size) {
  Matrix out;
  for (int query = 0; query < tokens; query++) {
    Matrix scores(tokens, 0);
    for (int key = 0; key < tokens; key++) {
      for (int i = 0; i < size; i++) scores[key] += q[query * size + i] * k[key * size + i] / std::sqrt(size);
    }
    scores = softmax(scores);
    for (int i = 0; i < size; i++) {
      double sum = 0;
      for (int key = 0; key < tokens; key++) sum += scores[key] * v[key * size + i];
      out.push_back(sum);
    }
  }
  return out;
}

Matrix apply_rotary(Matrix x, const Matrix& angles, RotationPairs pairs) {
  for (size_t i = 0; i < angles.size(); i++) {
    double& a = pairs == RotationPairs::halves ? x[i] : x[2 * i];
    double& b = pairs == RotationPairs::halves ? x[i + angles.size()] : x[2 * i + 1];
    const std::complex<double> rotated = std::complex(a, b) * std::polar(1.0, angles[i]);
    a = rotated.real();
    b = rotated.imag();
  }
  return x;
}

Matrix rotate(Matrix row) {
  for (size_t stride : {4u, 16u}) {
    const Matrix before = row;
    for (size_t i = 0; i < row.size() / (4 * stride) * (4 * stride); i++) {
      const size_t first = i / (4 * stride) * (4 * stride) + i % stride;
      for (size_t k = 0; k < 4; k++) row[i] -= before[first + k * stride] / 2;
    }
  }
  return row;
}

QuantizedRow quantize_weights(const Matrix& unrotated) {
  const Matrix row = rotate(unrotated);
  double scale = 0;
  for (size_t i = 0; i < row.size(); i++) {
    scale = std::max(scale, std::fabs(row[i]) / 127);
    double positive = 0, negative = 0;
    for (size_t k : {i, i + 1, i + 4, i + 5}) {
      if (i % 8 > 2 || i % 2 || k >= row.size()) continue;
      positive += std::max(row[k], 0.0);
      negative -= std::min(row[k], 0.0);
    }
    scale = std::max({scale, positive / 256, negative / 256});
  }
  QuantizedRow out{{}, scale, 0};
  for (double value : row)
    out.codes.push_back(scale > 0 ? static_cast<int>(std::nearbyint(value / scale)) : 0);
  return out;
}

QuantizedRow quantize_activations(const Matrix& unrotated) {
  const Matrix row = rotate(unrotated);
  double low = 0, high = 0;
  for (double value : row) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  QuantizedRow out{{}, (high - low) / 127, 0};
  if (out.scale > 0) out.zero = static_cast<int>(std::nearbyint(-low / out.scale));
  for (double value : row) {
    const int code = out.scale > 0 ? static_cast<int>(std::nearbyint(value / out.scale)) + out.zero : 0;
    out.codes.push_back(std::clamp(code, 0, 127));
  }
  return out;
}

double from_f16(unsigned bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  if (exponent == 31) {
    return fraction ? std::numeric_limits<double>::quiet_NaN()
                    : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

}  // namespace vit::reference
