// ResNets and MobileNets, written once for whatever builds graphs: onnx-convnet.mjs and tflite-convnet.mjs. Batch norms
// are folded into the convolutions before them, as every exporter does; weights are seeded, since speed does not depend on
// them. Padding is TensorFlow's "same", which both formats know, where PyTorch's differs by the side that gets more.
import { seeded } from './random.mjs';

/** By name: a function of a builder and its input that gives the logits. */
export const networks = {
  'resnet-18': (builder, input) => resnet(builder, input, basicBlock, [2, 2, 2, 2]),
  'resnet-50': (builder, input) => resnet(builder, input, bottleneck, [3, 4, 6, 3]),
  'mobilenet-v2': mobilenetV2,
  'mobilenet-v3-large': mobilenetV3Large,
};

/** He et al., 2015: https://arxiv.org/abs/1512.03385. */
function resnet(builder, input, block, repeats) {
  let x = builder.conv(input, { outputs: 64, size: 7, stride: 2, activation: 'relu' });
  x = builder.maxPool(x, { size: 3, stride: 2 });
  repeats.forEach((count, stage) => {
    for (let at = 0; at < count; at++) x = block(builder, x, 64 * 2 ** stage, at === 0 && stage > 0 ? 2 : 1);
  });
  return builder.linear(builder.mean(x), { outputs: 1000 });
}

function basicBlock(builder, x, width, stride) {
  const inner = builder.conv(x, { outputs: width, size: 3, stride, activation: 'relu' });
  return residual(builder, x, builder.conv(inner, { outputs: width, size: 3 }), stride);
}

/** With the stride in the middle, as torchvision has it. */
function bottleneck(builder, x, width, stride) {
  const narrow = builder.conv(x, { outputs: width, size: 1, activation: 'relu' });
  const inner = builder.conv(narrow, { outputs: width, size: 3, stride, activation: 'relu' });
  return residual(builder, x, builder.conv(inner, { outputs: 4 * width, size: 1 }), stride);
}

function residual(builder, x, y, stride) {
  const isSame = x.channels === y.channels && stride === 1;
  const shortcut = isSame ? x : builder.conv(x, { outputs: y.channels, size: 1, stride });
  return builder.add(y, shortcut, 'relu');
}

/** Sandler et al., 2018: https://arxiv.org/abs/1801.04381, table 2. */
function mobilenetV2(builder, input) {
  const activation = 'relu6';
  let x = builder.conv(input, { outputs: 32, size: 3, stride: 2, activation });
  for (const [expansion, outputs, count, stride] of [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ]) {
    for (let at = 0; at < count; at++) {
      const inner = expansion * x.channels;
      x = invertedResidual(builder, x, { size: 3, inner, outputs, stride: at ? 1 : stride, activation });
    }
  }
  x = builder.conv(x, { outputs: 1280, size: 1, activation });
  return builder.linear(builder.mean(x), { outputs: 1000 });
}

/** Howard et al., 2019: https://arxiv.org/abs/1905.02244, table 1. */
function mobilenetV3Large(builder, input) {
  let x = builder.conv(input, { outputs: 16, size: 3, stride: 2, activation: 'hardSwish' });
  for (const [size, inner, outputs, squeezes, activation, stride] of [
    [3, 16, 16, false, 'relu', 1],
    [3, 64, 24, false, 'relu', 2],
    [3, 72, 24, false, 'relu', 1],
    [5, 72, 40, true, 'relu', 2],
    [5, 120, 40, true, 'relu', 1],
    [5, 120, 40, true, 'relu', 1],
    [3, 240, 80, false, 'hardSwish', 2],
    [3, 200, 80, false, 'hardSwish', 1],
    [3, 184, 80, false, 'hardSwish', 1],
    [3, 184, 80, false, 'hardSwish', 1],
    [3, 480, 112, true, 'hardSwish', 1],
    [3, 672, 112, true, 'hardSwish', 1],
    [5, 672, 160, true, 'hardSwish', 2],
    [5, 960, 160, true, 'hardSwish', 1],
    [5, 960, 160, true, 'hardSwish', 1],
  ]) {
    x = invertedResidual(builder, x, { size, inner, outputs, squeezes, activation, stride });
  }
  x = builder.conv(x, { outputs: 960, size: 1, activation: 'hardSwish' });
  const pooled = builder.linear(builder.mean(x), { outputs: 1280, activation: 'hardSwish' });
  return builder.linear(pooled, { outputs: 1000 });
}

function invertedResidual(builder, x, { size, inner, outputs, squeezes, activation, stride }) {
  let y = inner === x.channels ? x : builder.conv(x, { outputs: inner, size: 1, activation });
  y = builder.depthwise(y, { size, stride, activation });
  if (squeezes) y = squeezeAndExcite(builder, y);
  y = builder.conv(y, { outputs, size: 1 });
  return stride === 1 && x.channels === outputs ? builder.add(x, y) : y;
}

function squeezeAndExcite(builder, x) {
  const quarter = x.channels / 4;
  const rounded = 8 * Math.round(quarter / 8);
  // Rounded to eights, but not by more than a tenth downwards.
  const narrow = rounded < 0.9 * quarter ? rounded + 8 : rounded;
  const squeezed = builder.conv(builder.mean(x), { outputs: narrow, size: 1, activation: 'relu' });
  return builder.scale(
    x,
    builder.conv(squeezed, { outputs: x.channels, size: 1, activation: 'hardSigmoid' }),
  );
}

/** A function that gives the next layer's seeded weights, spread so that activations keep their size, and biases. */
export function seededLayers() {
  const fill = seeded(3);
  return (outputs, inputs) => ({
    weight: fill(new Float32Array(outputs * inputs), Math.sqrt(2 / inputs)),
    bias: fill(new Float32Array(outputs), 0.1),
  });
}

/** The pixels that "same" padding adds before and after, for a square `edge` pixels wide. */
export function padding(edge, size, stride) {
  const all = Math.max(0, (Math.ceil(edge / stride) - 1) * stride + size - edge);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}

/** The multiply-adds of one picture and the weights, without biases. */
export function sizeOf(network, image) {
  const size = { multiplyAdds: 0, weights: 0 };
  const count = (channels, edge, weights) => {
    size.weights += weights;
    size.multiplyAdds += weights * edge ** 2;
    return { channels, edge };
  };
  const smaller = (edge, stride = 1) => Math.ceil(edge / stride);
  networks[network](
    {
      conv: ({ channels, edge }, { outputs, size: side, stride }) =>
        count(outputs, smaller(edge, stride), outputs * channels * side ** 2),
      depthwise: ({ channels, edge }, { size: side, stride }) =>
        count(channels, smaller(edge, stride), channels * side ** 2),
      linear: ({ channels }, { outputs }) => count(outputs, 1, outputs * channels),
      maxPool: ({ channels, edge }, { stride }) => ({ channels, edge: smaller(edge, stride) }),
      mean: ({ channels }) => ({ channels, edge: 1 }),
      add: (x) => x,
      scale: (x) => x,
    },
    { channels: 3, edge: image },
  );
  return size;
}
