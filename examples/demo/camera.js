// The camera: its newest frame, again and again, with answers and the map that is asked for.

const element = (id) => document.getElementById(id);

/** Shows what the camera sees and calls `answer(frame, options)` for its newest frame until it is stopped. */
export class Camera {
  #watching;

  get running() {
    return this.#watching !== undefined;
  }

  /** Rejects when the visitor has no camera, or allows none. */
  async start(model, answer, show) {
    this.stop();
    const watching = (this.#watching = new AbortController());
    const { signal } = watching;
    const video = element('video');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      signal.addEventListener('abort', () => stream.getTracks().forEach((track) => track.stop()));
      if (signal.aborted) return stream.getTracks().forEach((track) => track.stop());
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      element('camera').textContent = 'Stop the camera';
      for await (const { value, fps, latency } of model.watch(video, { verb: answer, signal })) {
        show(value, fps, latency);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (this.#watching === watching) this.stop();
    }
  }

  stop() {
    this.#watching?.abort();
    this.#watching = undefined;
    element('video').hidden = true;
    element('video').srcObject = null;
    element('camera').textContent = 'Use the camera';
  }
}
