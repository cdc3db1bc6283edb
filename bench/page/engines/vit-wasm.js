// This library as an application uses it: the built package, given the picture rather than pixel values.

/** A Model of the folder `file`. On one thread it runs in the page, where most of its peers run too. */
export async function create({ variant, dtype, threads, worker = threads > 1, cache, file }) {
  const { load } = await import('/dist/index.js');
  const model = await load(file, { variant, dtype, threads, worker, cache });
  if (model.info.threads !== threads) throw new Error(model.info.threadsReason);
  return {
    info: model.info,
    run: ({ picture }) => model.logits(picture),
    classify: (sources) => model.classify(sources),
    preprocess: (picture) => model.preprocess(picture),
  };
}
