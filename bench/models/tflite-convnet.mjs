// A convolutional network as a TFLite file, in the operators that TensorFlow's converter makes of Keras's models, all of
// which XNNPACK takes.
import { channelsLast } from './channels.mjs';
import { networks, seededLayers } from './convnets.mjs';
import { TfliteGraph } from './tflite.mjs';

/** Writes `path`: pixel values [1 × 3 × image × image] → logits, 32-bit floats. */
export function writeTfliteConvnet(path, { network, image }) {
  const graph = new TfliteGraph();
  const pixelValues = graph.input([1, 3, image, image]);
  // Channels come last here.
  const order = graph.integers([0, 2, 3, 1]);
  const value = graph.node('TRANSPOSE', [pixelValues, order], [1, image, image, 3]);
  const logits = networks[network](builder(graph), { value, channels: 3, edge: image });
  graph.write(path, pixelValues, logits.value);
}

/** By TensorFlow Lite's schema. */
const fused = { relu: 1, relu6: 3 };
const same = 0;

/** What `networks` build with. Values are { value, channels, edge }: a tensor and a square of channels. */
function builder(graph) {
  const nextLayer = seededLayers();
  const node = (name, inputs, channels, edge, options) => {
    const value = graph.node(name, inputs, [1, edge, edge, channels], options);
    return { value, channels, edge };
  };
  const scalar = (value) => graph.constant([1], Float32Array.of(value));
  const unfused = {
    hardSwish: (value) => graph.node('HARD_SWISH', [value], graph.shapeOf(value)),
    hardSigmoid(value) {
      const shape = graph.shapeOf(value);
      const clipped = graph.node('ADD', [value, scalar(3)], shape, { activation: fused.relu6 });
      return graph.node('MUL', [clipped, scalar(1 / 6)], shape);
    },
  };
  const activated = (x, activation) => ({ ...x, value: unfused[activation]?.(x.value) ?? x.value });
  const strides = (stride) => ({ padding: same, strideX: stride, strideY: stride });
  return {
    conv(x, { outputs, size, stride = 1, activation }) {
      const { weight, bias } = nextLayer(outputs, x.channels * size ** 2);
      const filters = channelsLast(weight, outputs, x.channels, size ** 2);
      const inputs = [
        x.value,
        graph.constant([outputs, size, size, x.channels], filters),
        graph.constant([outputs], bias),
      ];
      const options = { ...strides(stride), activation: fused[activation] ?? 0 };
      return activated(node('CONV_2D', inputs, outputs, Math.ceil(x.edge / stride), options), activation);
    },
    depthwise(x, { size, stride = 1, activation }) {
      const { weight, bias } = nextLayer(x.channels, size ** 2);
      const filters = channelsLast(weight, 1, x.channels, size ** 2);
      const inputs = [
        x.value,
        graph.constant([1, size, size, x.channels], filters),
        graph.constant([x.channels], bias),
      ];
      const options = { ...strides(stride), multiplier: 1, activation: fused[activation] ?? 0 };
      return activated(
        node('DEPTHWISE_CONV_2D', inputs, x.channels, Math.ceil(x.edge / stride), options),
        activation,
      );
    },
    maxPool: (x, { size, stride }) =>
      node('MAX_POOL_2D', [x.value], x.channels, Math.ceil(x.edge / stride), {
        ...strides(stride),
        width: size,
        height: size,
      }),
    mean: (x) => node('MEAN', [x.value, graph.integers([1, 2])], x.channels, 1, { keepDimensions: 1 }),
    add: (x, y, activation) =>
      node('ADD', [x.value, y.value], x.channels, x.edge, { activation: fused[activation] ?? 0 }),
    scale: (x, factors) => node('MUL', [x.value, factors.value], x.channels, x.edge),
    linear(x, { outputs, activation }) {
      const { weight, bias } = nextLayer(outputs, x.channels);
      const flat = graph.node('RESHAPE', [x.value, graph.integers([1, x.channels])], [1, x.channels]);
      const constants = [graph.constant([outputs, x.channels], weight), graph.constant([outputs], bias)];
      const value = graph.node('FULLY_CONNECTED', [flat, ...constants], [1, outputs]);
      return activated({ value, channels: outputs, edge: 1 }, activation);
    },
  };
}
