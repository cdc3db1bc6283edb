// A checkpoint as an ONNX file, for onnxruntime. The form is the plainest of those it runs fastest: README.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxGraph } from './onnx.mjs';
import { quantizeRows, transpose } from './quantize.mjs';
import { readSafetensors } from './safetensors.mjs';

/** Writes `path`, with the weights in 32-bit floats or, for dtype 'int8', those of linear layers in bytes. */
export function writeOnnxVit(path, folder, model, dtype) {
  const tensors = readSafetensors(join(folder, 'model.safetensors'));
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const graph = new OnnxGraph();
  const builder = { graph, tensors, model, linear: dtype === 'int8' ? linearInt8 : linear };
  const logits = vit({
    ...builder,
    tokens: (model.image / model.patch) ** 2 + 1,
    eps: config.layer_norm_eps,
  });
  const input = { name: 'pixel_values', shape: [1, 3, model.image, model.image] };
  graph.write(path, input, { name: 'logits', shape: [1, model.classes] }, logits);
}

/** The whole network; returns the logits' name. */
function vit(builder) {
  const { graph, model } = builder;
  let x = embeddings(builder);
  for (let layer = 0; layer < model.layers; layer++) {
    const block = `vit.encoder.layer.${layer}`;
    x = graph.node('Add', [x, attention(builder, norm(builder, x, `${block}.layernorm_before`), block)]);
    x = graph.node('Add', [x, mlp(builder, norm(builder, x, `${block}.layernorm_after`), block)]);
  }
  const classToken = graph.node('Slice', [x, graph.integers([0]), graph.integers([1]), graph.integers([0])]);
  return builder.linear(builder, norm(builder, classToken, 'vit.layernorm'), 'classifier');
}

/** Pixel values → tokens [tokens × hidden]. */
function embeddings({ graph, tensors, model, tokens }) {
  const constant = (name, shape) => {
    const tensor = tensors.get(`vit.embeddings.${name}`);
    return graph.constant(shape ?? tensor.shape, tensor.data);
  };
  const projection = ['weight', 'bias'].map((part) => constant(`patch_embeddings.projection.${part}`));
  const size = [model.patch, model.patch];
  const patches = graph.node('Conv', ['pixel_values', ...projection], { kernel_shape: size, strides: size });
  const flat = graph.node('Reshape', [patches, graph.integers([model.hidden, tokens - 1])]);
  const rows = graph.node('Transpose', [flat], { perm: [1, 0] });
  const all = graph.node('Concat', [constant('cls_token', [1, model.hidden]), rows], { axis: 0 });
  return graph.node('Add', [all, constant('position_embeddings', [tokens, model.hidden])]);
}

function attention(builder, x, block) {
  const { graph, model, tokens } = builder;
  const size = model.hidden / model.heads;
  const split = (part, perm) => {
    const flat = builder.linear(builder, x, `${block}.attention.attention.${part}`);
    const apart = graph.node('Reshape', [flat, graph.integers([tokens, model.heads, size])]);
    return graph.node('Transpose', [apart], { perm });
  };
  const scores = graph.node('MatMul', [split('query', [1, 0, 2]), split('key', [1, 2, 0])]);
  const scale = graph.constant([], Float32Array.of(1 / Math.sqrt(size)));
  const shares = graph.node('Softmax', [graph.node('Mul', [scores, scale])], { axis: -1 });
  const mixed = graph.node('MatMul', [shares, split('value', [1, 0, 2])]);
  const joined = graph.node('Transpose', [mixed], { perm: [1, 0, 2] });
  const flat = graph.node('Reshape', [joined, graph.integers([tokens, model.hidden])]);
  return builder.linear(builder, flat, `${block}.attention.output.dense`);
}

function mlp(builder, x, block) {
  const inner = builder.linear(builder, x, `${block}.intermediate.dense`);
  const active = builder.graph.node('Gelu', [inner], { approximate: 'none' });
  return builder.linear(builder, active, `${block}.output.dense`);
}

function norm({ graph, tensors, eps }, x, name) {
  const parts = ['weight', 'bias'].map((part) => tensors.get(`${name}.${part}`));
  const constants = parts.map(({ shape, data }) => graph.constant(shape, data));
  return graph.node('LayerNormalization', [x, ...constants], { axis: -1, epsilon: { float: eps } });
}

function linear({ graph, tensors }, x, name) {
  const [weight, bias] = ['weight', 'bias'].map((part) => tensors.get(`${name}.${part}`));
  const constants = [weight, bias].map(({ shape, data }) => graph.constant(shape, data));
  return graph.node('Gemm', [x, ...constants], { transB: 1 });
}

/** Activations to unsigned bytes on the fly, one scale for all; weights with one scale for each output. */
function linearInt8({ graph, tensors }, x, name) {
  const { shape, data } = tensors.get(`${name}.weight`);
  const { values, scales } = quantizeRows(data, ...shape);
  const weight = graph.constant(shape.toReversed(), transpose(values, ...shape));
  const bias = graph.constant([shape[0]], tensors.get(`${name}.bias`).data);
  const inputs = [x, weight, graph.constant([shape[0]], scales), '', bias];
  return graph.node('DynamicQuantizeMatMul', inputs, {}, { domain: 'com.microsoft' });
}
