// What a converter computes ahead: constants folded into the weights behind or before them.

/**
 * Folds, in place, each layer norm's weight and bias into the linear layers that read it, and attention's 1/√d into
 * the query. Afterwards a layer norm only normalizes.
 */
export function foldConstants(tensors, { layers, hidden, heads }) {
  for (let layer = 0; layer < layers; layer++) {
    const block = `vit.encoder.layer.${layer}`;
    for (const part of ['query', 'key', 'value']) {
      foldNorm(tensors, `${block}.layernorm_before`, `${block}.attention.attention.${part}`);
    }
    foldNorm(tensors, `${block}.layernorm_after`, `${block}.intermediate.dense`);
    const scale = 1 / Math.sqrt(hidden / heads);
    for (const part of ['weight', 'bias']) {
      const { data } = tensors.get(`${block}.attention.attention.query.${part}`);
      data.forEach((value, index) => (data[index] = value * scale));
    }
  }
  foldNorm(tensors, 'vit.layernorm', 'classifier');
  return tensors;
}

/** W·(γ ∘ x + β) + b = (W ∘ γ)·x + (W·β + b). */
function foldNorm(tensors, norm, linear) {
  const [gamma, beta] = ['weight', 'bias'].map((part) => tensors.get(`${norm}.${part}`).data);
  const [weight, bias] = ['weight', 'bias'].map((part) => tensors.get(`${linear}.${part}`).data);
  const inputs = gamma.length;
  for (let output = 0; output < bias.length; output++) {
    for (let input = 0; input < inputs; input++) {
      const index = output * inputs + input;
      bias[output] += weight[index] * beta[input];
      weight[index] *= gamma[input];
    }
  }
}
