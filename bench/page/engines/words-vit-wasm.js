// This library with classes in words, as an application uses it.

/** A Model of the folder `file`, without classes yet. */
export async function create({ dtype, file, keep = false }) {
  const { load } = await import('/dist/index.js');
  const model = await load(file, { dtype, threads: 1, cache: false, keepTextEncoder: keep });
  return {
    setLabels: (labels, template) => model.setLabels(labels, { template }),
    async classify(picture) {
      const { length } = model.info.labels;
      const answers = await model.classify(picture, { topK: length });
      return Array.from({ length }, (_, at) => answers.find(({ index }) => index === at).probability);
    },
  };
}
