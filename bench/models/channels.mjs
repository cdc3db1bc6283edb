/** Filters [filters × channels × pixels] as [filters × pixels × channels]. */
export function channelsLast(data, filters, channels, pixels) {
  return data.map((_, index) => {
    const channel = index % channels;
    const pixel = Math.floor(index / channels) % pixels;
    const filter = Math.floor(index / channels / pixels);
    return data[(filter * channels + channel) * pixels + pixel];
  });
}
