// This library with classes in words, as an application uses it.

/** A Model of the folder `file`, without classes yet. */
export async function create({ dtype, file, keep = false }) {
  const { load } = await import('/dist/index.js');
  const model = await load(file, { dtype, threads: 1, cache: false, keepTextEncoder: keep });
  let current;
  return {
    /** Probabilities of a picture, by labels that are encoded when they are not those of the call before. */
    async classify(picture, labels, template) {
      if (labels !== current) await model.setLabels(labels, { template });
      current = labels;
      const answers = await model.classify(picture, { topK: labels.length });
      return labels.map((_, at) => answers.find(({ index }) => index === at).probability);
    },
    /** Forgets the labels of the call before, which are encoded again then. */
    forget() {
      current = undefined;
    },
  };
}
