// A checkpoint as a TFLite file, for LiteRT: the operators that Google's converter makes of PyTorch's model, all of which
// XNNPACK takes, with the same constants folded into weights.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { channelsLast } from './channels.mjs';
import { foldConstants } from './fold.mjs';
import { quantizeRows } from './quantize.mjs';
import { readSafetensors } from './safetensors.mjs';
import { TfliteGraph } from './tflite.mjs';

/** Writes `path`, with the weights in 32-bit floats or, for dtype 'int8', those of linear layers in bytes. */
export function writeTfliteVit(path, folder, model, dtype) {
  const tensors = foldConstants(readSafetensors(join(folder, 'model.safetensors')), model);
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const graph = new TfliteGraph();
  const patches = (model.image / model.patch) ** 2;
  const builder = { graph, tensors, model, patches, tokens: patches + 1, eps: config.layer_norm_eps, dtype };
  const pixelValues = graph.input([1, 3, model.image, model.image]);
  graph.write(path, pixelValues, vit(builder, pixelValues));
}

/** The whole network: pixel values → logits. */
function vit(builder, pixelValues) {
  const { graph, model } = builder;
  let x = embeddings(builder, pixelValues);
  const add = (a, b) => graph.node('ADD', [a, b], graph.shapeOf(a));
  for (let layer = 0; layer < model.layers; layer++) {
    const block = `vit.encoder.layer.${layer}`;
    x = add(x, attention(builder, norm(builder, x), block));
    x = add(x, mlp(builder, norm(builder, x), block));
  }
  const range = [graph.integers([0, 0]), graph.integers([1, model.hidden])];
  const classToken = graph.node('SLICE', [x, ...range], [1, model.hidden]);
  return linear(builder, norm(builder, classToken), 'classifier');
}

/** Pixel values → tokens [tokens × hidden]. */
function embeddings({ graph, tensors, model, patches, tokens }, pixelValues) {
  const { image, patch, hidden } = model;
  const embedding = (name) => tensors.get(`vit.embeddings.${name}`).data;
  // Channels come last here.
  const pixels = graph.node('TRANSPOSE', [pixelValues, graph.integers([0, 2, 3, 1])], [1, image, image, 3]);
  const filter = channelsLast(embedding('patch_embeddings.projection.weight'), hidden, 3, patch * patch);
  const inputs = [
    pixels,
    graph.constant([hidden, patch, patch, 3], filter),
    graph.constant([hidden], embedding('patch_embeddings.projection.bias')),
  ];
  const valid = 1; // no padding
  const grid = image / patch;
  const options = { padding: valid, strideX: patch, strideY: patch };
  const projected = graph.node('CONV_2D', inputs, [1, grid, grid, hidden], options);
  const rows = reshape(graph, projected, [patches, hidden]);
  const classToken = graph.constant([1, hidden], embedding('cls_token'));
  const all = graph.node('CONCATENATION', [classToken, rows], [tokens, hidden], { axis: 0 });
  const positions = graph.constant([tokens, hidden], embedding('position_embeddings'));
  return graph.node('ADD', [all, positions], [tokens, hidden]);
}

function attention(builder, x, block) {
  const { graph, model, tokens } = builder;
  const { hidden, heads } = model;
  const size = hidden / heads;
  const byHead = [heads, tokens, size];
  const swap = graph.integers([1, 0, 2]);
  const split = (flat) => {
    return graph.node('TRANSPOSE', [reshape(graph, flat, [tokens, heads, size]), swap], byHead);
  };
  const [query, key, value] = ['query', 'key', 'value'].map((part) => {
    return linear(builder, x, `${block}.attention.attention.${part}`);
  });
  const square = [heads, tokens, tokens];
  const scores = graph.node('BATCH_MATMUL', [split(query), split(key)], square, { transposeB: 1 });
  const shares = graph.node('SOFTMAX', [scores], square, { beta: 1 });
  const mixed = graph.node('BATCH_MATMUL', [shares, split(value)], byHead, { transposeB: 0 });
  const joined = graph.node('TRANSPOSE', [mixed, swap], [tokens, heads, size]);
  return linear(builder, reshape(graph, joined, [tokens, hidden]), `${block}.attention.output.dense`);
}

function mlp(builder, x, block) {
  const inner = linear(builder, x, `${block}.intermediate.dense`);
  const active = builder.graph.node('GELU', [inner], builder.graph.shapeOf(inner));
  return linear(builder, active, `${block}.output.dense`);
}

/** Layer norm without its weight and bias: those went into the linear layers that follow. */
function norm({ graph, eps }, x) {
  const shape = graph.shapeOf(x);
  const perRow = [shape[0], 1];
  const axis = graph.integers([1]);
  const meanOf = (values) => graph.node('MEAN', [values, axis], perRow, { keepDimensions: 1 });
  const mean = meanOf(x);
  const variance = meanOf(graph.node('SQUARED_DIFFERENCE', [x, mean], shape));
  const shifted = graph.node('ADD', [variance, graph.constant([1], Float32Array.of(eps))], perRow);
  const factor = graph.node('RSQRT', [shifted], perRow);
  const offset = graph.node('MUL', [mean, factor], perRow);
  return graph.node('SUB', [graph.node('MUL', [x, factor], shape), offset], shape);
}

/** With weights in bytes, XNNPACK quantizes activations row by row on the fly. */
function linear({ graph, tensors, dtype }, x, name) {
  const { shape, data } = tensors.get(`${name}.weight`);
  const bias = graph.constant([shape[0]], tensors.get(`${name}.bias`).data);
  const output = [graph.shapeOf(x)[0], shape[0]];
  if (dtype !== 'int8') return graph.node('FULLY_CONNECTED', [x, graph.constant(shape, data), bias], output);
  const { values, scales } = quantizeRows(data, ...shape);
  const inputs = [x, graph.constant(shape, values, scales), bias];
  return graph.node('FULLY_CONNECTED', inputs, output);
}

const reshape = (graph, x, shape) => graph.node('RESHAPE', [x, graph.integers(shape)], shape);
