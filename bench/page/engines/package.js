// This library as an application uses it: the built package, the worker, a picture in pixels. For the cold start.

/** A Model of the folder `file`; takes any floats for colours. */
export async function create({ model, file }) {
  const { load } = await import('/dist/index.js');
  const loaded = await load(file);
  const { image: height, image: width } = model;
  return {
    async run(values) {
      const data = new Uint8ClampedArray(4 * width * height).map(
        (_, index) => 128 + 60 * values[index % values.length],
      );
      return await loaded.logits({ data, width, height });
    },
  };
}
