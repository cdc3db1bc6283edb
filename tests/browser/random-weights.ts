// Checkpoints of random weights that are made as they are sent: nothing has to hold the file.
import type { ServerResponse } from 'node:http';

import type { Route } from './server.js';

/** What tells the sizes apart, by the folder they are served in. */
const sizes = {
  tiny: { hidden_size: 192, num_attention_heads: 3, intermediate_size: 768 },
  base: { hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 },
};
export type ModelSize = keyof typeof sizes;

/** The tensors of a ViT with 12 blocks and patches of 16 × 16 in images of 224 × 224, 1000 classes. */
function shapesOf(hidden: number): Record<string, number[]> {
  const shapes: Record<string, number[]> = {
    'vit.embeddings.cls_token': [1, 1, hidden],
    'vit.embeddings.position_embeddings': [1, 197, hidden],
  };
  const linear = (name: string, outputs: number, inputs: number[]) => {
    shapes[`${name}.weight`] = [outputs, ...inputs];
    shapes[`${name}.bias`] = [outputs];
  };
  linear('vit.embeddings.patch_embeddings.projection', hidden, [3, 16, 16]);
  for (let layer = 0; layer < 12; layer++) {
    const block = `vit.encoder.layer.${layer}.`;
    for (const norm of ['layernorm_before', 'layernorm_after']) linear(block + norm, hidden, []);
    for (const part of ['attention.query', 'attention.key', 'attention.value', 'output.dense']) {
      linear(`${block}attention.${part}`, hidden, [hidden]);
    }
    linear(`${block}intermediate.dense`, 4 * hidden, [hidden]);
    linear(`${block}output.dense`, hidden, [4 * hidden]);
  }
  linear('vit.layernorm', hidden, []);
  linear('classifier', 1000, [hidden]);
  return shapes;
}

const product = (shape: number[]) => shape.reduce((a, b) => a * b, 1);

/** The bytes that the weights take at least: of int8 one for each weight of a matrix, four for everything else. */
export function packedBytes(size: ModelSize, dtype: 'fp32' | 'int8'): number {
  const isMatrix = (name: string, shape: number[]) => name.endsWith('.weight') && shape.length > 1;
  return Object.entries(shapesOf(sizes[size].hidden_size))
    .map(([name, shape]) => (dtype === 'int8' && isMatrix(name, shape) ? 1 : 4) * product(shape))
    .reduce((a, b) => a + b);
}

/** A block of small floats, of which the files are full. */
const noise = new Uint8Array(Float32Array.from({ length: 1 << 18 }, (_, i) => 0.04 * Math.sin(i * i)).buffer);

function sendWeights(response: ServerResponse, hidden: number): void {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapesOf(hidden))) {
    const begin = end;
    end += 4 * product(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  response.writeHead(200, { 'Content-Length': 8 + json.length + end });
  response.write(length);
  response.write(json);
  let sent = 0;
  const send = () => {
    while (sent < end) {
      const piece = noise.subarray(0, Math.min(noise.length, end - sent));
      sent += piece.length;
      if (!response.write(piece)) return void response.once('drain', send);
    }
    response.end();
  };
  send();
}

/** A checkpoint of a size in every folder below. */
export function randomWeights(size: ModelSize): Route {
  const config = { model_type: 'vit', ...sizes[size] };
  return (request, response) => {
    if (request.url?.endsWith('/config.json')) response.writeHead(200).end(JSON.stringify(config));
    else if (request.url?.endsWith('/model.safetensors')) sendWeights(response, config.hidden_size);
    else response.writeHead(404).end();
  };
}
