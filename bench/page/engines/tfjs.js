// TensorFlow.js on its WebAssembly backend. It has no converter for such a model, so this is the network written with
// its operations: the fused ones where it has them.
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** The network with the checkpoint of the folder `file`. */
export async function create({ model, threads, file }) {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1);
  setWasmPaths('/peers/@tensorflow/tfjs-backend-wasm/dist/');
  await tf.setBackend('wasm');
  const config = await (await fetch(`${file}config.json`)).json();
  const weights = prepare(await readSafetensors(`${file}model.safetensors`));
  return {
    async run({ pixels }) {
      const logits = tf.tidy(() => vit(model, config.layer_norm_eps, weights, pixels));
      const data = await logits.data();
      logits.dispose();
      return data;
    },
  };
}

/** Tensors of a checkpoint by name. */
async function readSafetensors(url) {
  const file = await (await fetch(url)).arrayBuffer();
  const begin = 8 + Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, begin - 8)));
  delete header.__metadata__;
  return Object.entries(header).map(
    ([
      name,
      {
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      return [
        name.replace('vit.', ''),
        tf.tensor(new Float32Array(file.slice(begin + from, begin + to)), shape),
      ];
    },
  );
}

/** Weights as the operations take them: [inputs × outputs], the patch filter with its channels last. */
function prepare(tensors) {
  return new Map(
    tensors.map(([name, tensor]) => {
      if (tensor.rank === 4) return [name, tf.transpose(tensor, [2, 3, 1, 0])];
      return [name, tensor.rank === 2 ? tf.transpose(tensor) : tensor];
    }),
  );
}

function vit(model, eps, weights, pixels) {
  const linear = (x, name) => {
    return tf.fused.matMul({ a: x, b: weights.get(`${name}.weight`), bias: weights.get(`${name}.bias`) });
  };
  const norm = (x, name) => {
    const mean = tf.mean(x, 1, true);
    const centered = tf.sub(x, mean);
    const variance = tf.mean(tf.square(centered), 1, true);
    const normal = tf.mul(centered, tf.rsqrt(tf.add(variance, eps)));
    return tf.add(tf.mul(normal, weights.get(`${name}.weight`)), weights.get(`${name}.bias`));
  };
  let x = embeddings(model, weights, pixels);
  for (let layer = 0; layer < model.layers; layer++) {
    const block = `encoder.layer.${layer}`;
    const normed = norm(x, `${block}.layernorm_before`);
    const parts = ['query', 'key', 'value'].map((part) =>
      linear(normed, `${block}.attention.attention.${part}`),
    );
    x = tf.add(x, linear(attention(model, ...parts), `${block}.attention.output.dense`));
    const inner = linear(norm(x, `${block}.layernorm_after`), `${block}.intermediate.dense`);
    x = tf.add(x, linear(gelu(inner), `${block}.output.dense`));
  }
  return linear(norm(tf.slice(x, [0, 0], [1, model.hidden]), 'layernorm'), 'classifier');
}

/** Pixel values → tokens [tokens × hidden]. */
function embeddings({ image, patch, hidden }, weights, pixels) {
  const channelsLast = tf.transpose(tf.tensor(pixels, [3, image, image]), [1, 2, 0]);
  const projection = 'embeddings.patch_embeddings.projection';
  const patches = tf.conv2d(channelsLast, weights.get(`${projection}.weight`), patch, 'valid');
  const rows = tf.add(tf.reshape(patches, [-1, hidden]), weights.get(`${projection}.bias`));
  const classToken = tf.reshape(weights.get('embeddings.cls_token'), [1, hidden]);
  const positions = tf.reshape(weights.get('embeddings.position_embeddings'), [-1, hidden]);
  return tf.add(tf.concat([classToken, rows], 0), positions);
}

function attention({ heads, hidden }, query, key, value) {
  const size = hidden / heads;
  const [q, k, v] = [query, key, value].map((flat) => {
    return tf.transpose(tf.reshape(flat, [-1, heads, size]), [1, 0, 2]);
  });
  const shares = tf.softmax(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size)));
  return tf.reshape(tf.transpose(tf.matMul(shares, v), [1, 0, 2]), [-1, hidden]);
}

function gelu(x) {
  return tf.mul(x, tf.add(tf.mul(tf.erf(tf.mul(x, Math.SQRT1_2)), 0.5), 0.5));
}
