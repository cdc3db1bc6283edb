// A worker that decodes pictures and makes them small: of twelve megapixels either would hold the page up.

addEventListener('message', async ({ data: { id, file, longest } }) => {
  try {
    const start = performance.now();
    const whole = await createImageBitmap(file);
    const decodeTime = performance.now() - start;
    const { width, height } = whole;
    const shown = await small(whole, longest / Math.max(width, height));
    postMessage({ id, shown, width, height, decodeTime }, [shown]);
  } catch {
    // It is not a picture that this browser can read.
    postMessage({ id });
  }
});

async function small(whole, scale) {
  if (scale >= 1) return whole;
  const shown = await createImageBitmap(whole, {
    resizeWidth: Math.max(1, Math.round(scale * whole.width)),
    resizeHeight: Math.max(1, Math.round(scale * whole.height)),
    resizeQuality: 'medium',
  });
  whole.close();
  return shown;
}
