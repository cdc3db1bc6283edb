// A convolutional network as an ONNX file, in the operators that PyTorch's exporter makes of torchvision's models.
import { networks, padding, seededLayers } from './convnets.mjs';
import { OnnxGraph } from './onnx.mjs';

/** Writes `path`: pixel_values [1 × 3 × image × image] → logits, 32-bit floats. */
export function writeOnnxConvnet(path, { network, image, classes }) {
  const graph = new OnnxGraph();
  const input = { name: 'pixel_values', shape: [1, 3, image, image] };
  const { value } = networks[network](builder(graph), { value: input.name, channels: 3, edge: image });
  graph.write(path, input, { name: 'logits', shape: [1, classes] }, value);
}

/** What `networks` build with. Values are { value, channels, edge }: a name and a square of channels. */
function builder(graph) {
  const nextLayer = seededLayers();
  const activations = {
    relu: (value) => graph.node('Relu', [value]),
    relu6: (value) => graph.node('Clip', [value, scalar(graph, 0), scalar(graph, 6)]),
    hardSwish: (value) => graph.node('HardSwish', [value]),
    hardSigmoid: (value) =>
      graph.node('HardSigmoid', [value], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  };
  const activated = (value, activation) => activations[activation]?.(value) ?? value;
  const window = (edge, size, stride) => {
    const [before, after] = padding(edge, size, stride);
    return {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: [before, before, after, after],
    };
  };
  const convolution = (x, { outputs, size, stride = 1, activation }, group) => {
    const inputs = x.channels / group;
    const { weight, bias } = nextLayer(outputs, inputs * size ** 2);
    const constants = [
      graph.constant([outputs, inputs, size, size], weight),
      graph.constant([outputs], bias),
    ];
    const attributes = { ...window(x.edge, size, stride), group };
    const value = activated(graph.node('Conv', [x.value, ...constants], attributes), activation);
    return { value, channels: outputs, edge: Math.ceil(x.edge / stride) };
  };
  return {
    conv: (x, options) => convolution(x, options, 1),
    depthwise: (x, options) => convolution(x, { ...options, outputs: x.channels }, x.channels),
    maxPool: (x, { size, stride }) => ({
      value: graph.node('MaxPool', [x.value], window(x.edge, size, stride)),
      channels: x.channels,
      edge: Math.ceil(x.edge / stride),
    }),
    mean: (x) => ({ value: graph.node('GlobalAveragePool', [x.value]), channels: x.channels, edge: 1 }),
    add: (x, y, activation) => ({
      ...x,
      value: activated(graph.node('Add', [x.value, y.value]), activation),
    }),
    scale: (x, factors) => ({ ...x, value: graph.node('Mul', [x.value, factors.value]) }),
    linear: (x, { outputs, activation }) => {
      const { weight, bias } = nextLayer(outputs, x.channels);
      const constants = [graph.constant([outputs, x.channels], weight), graph.constant([outputs], bias)];
      const flat = graph.node('Reshape', [x.value, graph.integers([1, x.channels])]);
      const value = activated(graph.node('Gemm', [flat, ...constants], { transB: 1 }), activation);
      return { value, channels: outputs, edge: 1 };
    },
  };
}

const scalar = (graph, value) => graph.constant([], Float32Array.of(value));
