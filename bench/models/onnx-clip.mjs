// A CLIP as the ONNX files that the Hub's ONNX repositories have: both towers in one, and each in one of its own. Any number
// of texts of one length.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxGraph } from './onnx.mjs';
import { quantizeRows, transpose } from './quantize.mjs';
import { readSafetensors } from './safetensors.mjs';

/** Writes model.onnx, text_model.onnx and vision_model.onnx; for dtype 'int8' with linear layers and the table in bytes. */
export function writeOnnxClip(folder, weights, model, dtype) {
  const suffix = dtype === 'int8' ? '_quantized' : '';
  const tensors = readSafetensors(weights);
  const { image: edge } = model.vision;
  const texts = ['input_ids', 'attention_mask'].map((name) => ({
    name,
    type: 7,
    shape: ['texts', 'length'],
  }));
  const pictures = { name: 'pixel_values', type: 1, shape: ['pictures', 3, edge, edge] };
  const write = (name, inputs, outputsOf) => {
    const graph = new OnnxGraph();
    const path = join(folder, `${name}${suffix}.onnx`);
    graph.writeAll(`${path}.part`, inputs, outputsOf({ graph, tensors, int8: dtype === 'int8' }));
    renameSync(`${path}.part`, path);
  };
  const embeds = (name, kind, value) => ({ name, shape: [kind, model.joint], value });
  write('text_model', texts, (builder) => [embeds('text_embeds', 'texts', textTower(builder, model))]);
  write('vision_model', [pictures], (builder) => [
    embeds('image_embeds', 'pictures', pictureTower(builder, model)),
  ]);
  write('model', [...texts, pictures], (builder) => {
    const { graph } = builder;
    const text = unit(builder, textTower(builder, model));
    const image = unit(builder, pictureTower(builder, model));
    const scale = graph.constant([], Float32Array.of(Math.exp(tensors.get('logit_scale').data[0])));
    const cosines = graph.node('MatMul', [image, graph.node('Transpose', [text], { perm: [1, 0] })]);
    const perImage = graph.node('Mul', [cosines, scale]);
    const perText = graph.node('Transpose', [perImage], { perm: [1, 0] });
    return [
      { name: 'logits_per_image', shape: ['pictures', 'texts'], value: perImage },
      { name: 'logits_per_text', shape: ['texts', 'pictures'], value: perText },
      embeds('text_embeds', 'texts', text),
      embeds('image_embeds', 'pictures', image),
    ];
  });
}

/** Rows of length 1. */
function unit({ graph }, x) {
  return graph.node('LpNormalization', [x], { axis: 1, p: 2 });
}

function pictureTower(builder, { vision }) {
  const { graph } = builder;
  const { hidden, patch, image } = vision;
  const patches = (image / patch) ** 2;
  const weight = constant(builder, 'vision_model.embeddings.patch_embedding.weight');
  const grid = graph.node('Conv', ['pixel_values', weight], {
    kernel_shape: [patch, patch],
    strides: [patch, patch],
  });
  const flat = graph.node('Reshape', [grid, graph.integers([0, hidden, patches])]);
  const rows = graph.node('Transpose', [flat], { perm: [0, 2, 1] });
  const pictures = graph.node('Slice', [
    graph.node('Shape', ['pixel_values']),
    graph.integers([0]),
    graph.integers([1]),
  ]);
  const size = graph.node('Concat', [pictures, graph.integers([1, hidden])], { axis: 0 });
  const token = graph.node('Expand', [
    constant(builder, 'vision_model.embeddings.class_embedding', [1, 1, hidden]),
    size,
  ]);
  const all = graph.node('Concat', [token, rows], { axis: 1 });
  const placed = graph.node('Add', [
    all,
    constant(builder, 'vision_model.embeddings.position_embedding.weight'),
  ]);
  const x = encoder(builder, norm(builder, placed, 'vision_model.pre_layrnorm'), 'vision_model', vision);
  const first = graph.node('Gather', [x, graph.constant([], BigInt64Array.of(0n))], { axis: 1 });
  return projected(
    builder,
    norm(builder, first, 'vision_model.post_layernorm'),
    'visual_projection',
    vision.hidden,
  );
}

function textTower(builder, { text }) {
  const { graph } = builder;
  const { hidden } = text;
  const shape = graph.node('Shape', ['input_ids']);
  const [zero, one, two] = [0, 1, 2].map((value) => graph.integers([value]));
  const length = graph.node('Slice', [shape, one, two]);
  const positions = constant(builder, 'text_model.embeddings.position_embedding.weight');
  const placed = graph.node('Add', [rowsOf(builder), graph.node('Slice', [positions, zero, length])]);
  const most = builder.tensors.get('text_model.embeddings.position_embedding.weight').shape[0];
  const later = Float32Array.from({ length: most * most }, (_, at) =>
    at % most > Math.floor(at / most) ? -1e9 : 0,
  );
  const both = graph.node('Concat', [length, length], { axis: 0 });
  const mask = graph.node('Slice', [graph.constant([most, most], later), graph.integers([0, 0]), both]);
  const x = norm(builder, encoder(builder, placed, 'text_model', text, mask), 'text_model.final_layer_norm');
  const end = graph.node('ArgMax', ['input_ids'], { axis: 1, keepdims: 1 });
  const index = graph.node('Expand', [
    graph.node('Unsqueeze', [end, two]),
    graph.node('Concat', [graph.node('Slice', [shape, zero, one]), graph.integers([1, hidden])], { axis: 0 }),
  ]);
  const pooled = graph.node('Squeeze', [graph.node('GatherElements', [x, index], { axis: 1 }), one]);
  return projected(builder, pooled, 'text_projection', hidden);
}

/** Token ids → embeddings; of bytes with one scale for the table. */
function rowsOf({ graph, tensors, int8 }) {
  const { shape, data } = tensors.get('text_model.embeddings.token_embedding.weight');
  if (!int8) return graph.node('Gather', [graph.constant(shape, data), 'input_ids']);
  const { values, scales } = quantizeRows(data, 1, data.length);
  const rows = graph.node('Gather', [graph.constant(shape, values), 'input_ids']);
  return graph.node('DequantizeLinear', [
    rows,
    graph.constant([], scales),
    graph.constant([], Int8Array.of(0)),
  ]);
}

function encoder(builder, x, tower, { hidden, layers, heads }, mask) {
  const { graph } = builder;
  for (let layer = 0; layer < layers; layer++) {
    const block = `${tower}.encoder.layers.${layer}`;
    x = graph.node('Add', [
      x,
      attention(builder, norm(builder, x, `${block}.layer_norm1`), block, hidden, heads, mask),
    ]);
    const inner = linear(builder, norm(builder, x, `${block}.layer_norm2`), `${block}.mlp.fc1`);
    const gate = graph.node('Sigmoid', [
      graph.node('Mul', [inner, graph.constant([], Float32Array.of(1.702))]),
    ]);
    x = graph.node('Add', [x, linear(builder, graph.node('Mul', [inner, gate]), `${block}.mlp.fc2`)]);
  }
  return x;
}

function attention(builder, x, block, hidden, heads, mask) {
  const { graph } = builder;
  const size = hidden / heads;
  const split = (part, perm) => {
    const flat = linear(builder, x, `${block}.self_attn.${part}_proj`);
    const apart = graph.node('Reshape', [flat, graph.integers([0, 0, heads, size])]);
    return graph.node('Transpose', [apart], { perm });
  };
  const products = graph.node('MatMul', [split('q', [0, 2, 1, 3]), split('k', [0, 2, 3, 1])]);
  const scaled = graph.node('Mul', [products, graph.constant([], Float32Array.of(1 / Math.sqrt(size)))]);
  const scores = mask ? graph.node('Add', [scaled, mask]) : scaled;
  const shares = graph.node('Softmax', [scores], { axis: -1 });
  const mixed = graph.node('MatMul', [shares, split('v', [0, 2, 1, 3])]);
  const joined = graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] });
  return linear(
    builder,
    graph.node('Reshape', [joined, graph.integers([0, 0, hidden])]),
    `${block}.self_attn.out_proj`,
  );
}

function norm(builder, x, name) {
  const parts = ['weight', 'bias'].map((part) => constant(builder, `${name}.${part}`));
  return builder.graph.node('LayerNormalization', [x, ...parts], { axis: -1, epsilon: { float: 1e-5 } });
}

function constant({ graph, tensors }, name, shape) {
  const { shape: own, data } = tensors.get(name);
  return graph.constant(shape ?? own, data);
}

/** As exporters write it: a product and a sum, which onnxruntime fuses where it can. */
function linear(builder, x, name) {
  const { graph, tensors, int8 } = builder;
  const { shape, data } = tensors.get(`${name}.weight`);
  const bias = constant(builder, `${name}.bias`);
  if (int8) {
    const { values, scales } = quantizeRows(data, ...shape);
    const weight = graph.constant(shape.toReversed(), transpose(values, ...shape));
    const inputs = [x, weight, graph.constant([shape[0]], scales), '', bias];
    return graph.node('DynamicQuantizeMatMul', inputs, {}, { domain: 'com.microsoft' });
  }
  const weight = graph.constant(shape.toReversed(), transpose(data, ...shape));
  return graph.node('Add', [graph.node('MatMul', [x, weight]), bias]);
}

function projected({ graph, tensors }, x, name) {
  const { shape, data } = tensors.get(`${name}.weight`);
  return graph.node('MatMul', [x, graph.constant(shape.toReversed(), transpose(data, ...shape))]);
}
