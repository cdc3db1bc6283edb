// Videos, camera tracks and streams → frames, of which only the newest is kept.
import type { Source, WatchSource } from '../types.js';
import type { Kit } from './kit.js';

/** A frame. */
export interface Frame {
  readonly picture: Source;
  /** When the browser had it, in milliseconds of `performance.now()`. */
  readonly since: number;
}

/** How many milliseconds to wait for a frame that is newer than this one, which is taken after that. */
export type Patience = (frame: Frame) => number;

/** The frames of a source as they come. */
export interface Frames {
  /** The newest frame that was not taken before, or one that comes while it waits for that; nothing after the last. */
  take(patience: Patience): Promise<Frame | undefined>;
  /** Whether none will come any more. */
  readonly ended: boolean;
  /** Whether there is nothing to see at the moment, not even the frame that was taken last: a video that seeks or loads. */
  readonly blank: boolean;
  /** Releases the source. */
  stop(): void;
}

export function framesOf(source: WatchSource, kit: Kit): Frames {
  const given: object = typeof source === 'object' ? (source ?? {}) : {};
  if ('getReader' in given) return framesOfStream(given as ReadableStream<Source>, kit);
  if ('getVideoTracks' in given) return framesOfTrack((given as MediaStream).getVideoTracks()[0], kit);
  if ('kind' in given && 'readyState' in given) return framesOfTrack(given as MediaStreamTrack, kit);
  if ('videoWidth' in given) return framesOfVideo(given as HTMLVideoElement, kit);
  throw new kit.VitError(
    'invalid-source',
    `watch cannot use ${kit.shown(source)}; give a <video>, a MediaStream, a video track, or a ReadableStream of VideoFrames.`,
  );
}

/** Where frames wait to be taken: one at most. */
class Newest {
  #frame: Frame | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  get ended(): boolean {
    return this.#ended;
  }

  put(picture: Source): void {
    if (this.#ended) return close(picture);
    const older = this.#frame?.picture;
    this.#frame = { picture, since: performance.now() };
    // A video is the same picture all the time.
    if (older !== picture) close(older);
    this.#wake();
  }

  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error !== undefined) this.#failure = { error };
    this.#wake();
  }

  async take(patience: Patience): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#frame;
      const wait = frame && !this.#ended ? patience(frame) : 0;
      if (frame && wait <= 0) {
        this.#frame = undefined;
        return frame;
      }
      if (this.#failure) throw this.#failure.error;
      if (this.#ended) return undefined;
      await this.#change(wait);
    }
  }

  /** Resolves when there is something new, or after so many milliseconds if that is not 0. */
  async #change(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (milliseconds > 0) timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }

  /** Closes the frame that will no longer be taken. */
  clear(): void {
    this.end();
    close(this.#frame?.picture);
    this.#frame = undefined;
  }
}

/**
 * Frees a VideoFrame's or an ImageBitmap's memory: a camera stops when too many of its frames are open
 * (https://w3c.github.io/webcodecs/#resource-reclamation).
 */
export function close(picture: Source | undefined): void {
  if (picture && typeof picture === 'object' && 'close' in picture) picture.close();
}

/** Reads without a pause, as a frame that is not read may hold up those behind it. */
function framesOfStream(stream: ReadableStream<Source>, kit: Kit): Frames {
  if (stream.locked) {
    throw new kit.VitError(
      'invalid-source',
      'The ReadableStream to watch is being read elsewhere; give one that is not locked.',
    );
  }
  const reader = stream.getReader();
  const newest = new Newest();
  const pump = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return newest.end();
      newest.put(value);
    }
  };
  pump().catch((error: unknown) => newest.end(error));
  return {
    take: (patience) => newest.take(patience),
    get ended() {
      return newest.ended;
    },
    blank: false,
    stop() {
      newest.clear();
      reader.cancel().catch(() => undefined);
    },
  };
}

/** Chromium gives a track's frames as a stream: https://www.w3.org/TR/mediacapture-transform/. */
type TrackProcessor = new (init: { track: MediaStreamTrack; maxBufferSize: number }) => {
  readonly readable: ReadableStream<VideoFrame>;
};

function framesOfTrack(track: MediaStreamTrack | undefined, kit: Kit): Frames {
  if (track?.kind !== 'video') {
    throw new kit.VitError(
      'invalid-source',
      'The stream to watch has no video; ask for it with getUserMedia({ video: true }).',
    );
  }
  const { MediaStreamTrackProcessor: Processor } = globalThis as {
    MediaStreamTrackProcessor?: TrackProcessor;
  };
  if (Processor && track.readyState === 'live') {
    return framesOfStream(new Processor({ track, maxBufferSize: 1 }).readable, kit);
  }
  // Only Chromium has it in pages; elsewhere they read a track through a video:
  // https://blog.mozilla.org/webrtc/unbundling-mediastreamtrackprocessor-and-videotrackgenerator/.
  const video = document.createElement('video');
  Object.assign(video, { muted: true, playsInline: true, srcObject: new MediaStream([track]) });
  const frames = framesOfVideo(video, kit);
  video.play().catch(() => undefined);
  return {
    take: (patience) => frames.take(patience),
    get ended() {
      return frames.ended;
    },
    get blank() {
      return frames.blank;
    },
    stop() {
      frames.stop();
      video.srcObject = null;
    },
  };
}

/** Milliseconds after which a video without a new frame is asked whether it has ended. */
const longestSilence = 250;

function framesOfVideo(video: HTMLVideoElement, kit: Kit): Frames {
  if (video.networkState === video.NETWORK_EMPTY) {
    throw new kit.VitError(
      'invalid-source',
      'The <video> has no source; set its src or srcObject before watching it.',
    );
  }
  const newest = new Newest();
  const check = () => {
    if (video.error) newest.end(failureOf(video.error, kit));
    else if (isOver(video)) newest.end();
  };
  const show = () => {
    check();
    if (video.readyState >= video.HAVE_CURRENT_DATA) newest.put(video);
  };
  const stopShowing = onEveryFrame(video, show);
  // A track that the page itself stops fires no event:
  // https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-stop.
  const timer = setInterval(check, longestSilence);
  const events = ['ended', 'error', 'emptied'];
  for (const name of events) video.addEventListener(name, check);
  if (video.readyState >= video.HAVE_CURRENT_DATA) newest.put(video);
  check();
  return {
    take: (patience) => newest.take(patience),
    get ended() {
      check();
      return newest.ended;
    },
    get blank() {
      return video.readyState < video.HAVE_CURRENT_DATA;
    },
    stop() {
      newest.clear();
      clearInterval(timer);
      for (const name of events) video.removeEventListener(name, check);
      stopShowing();
    },
  };
}

/**
 * Calls back for each frame that the video shows, as reported by the browser where it can; returns a function that ends
 * this.
 */
function onEveryFrame(video: HTMLVideoElement, show: () => void): () => void {
  let handle = 0;
  if ('requestVideoFrameCallback' in video) {
    const next = () => {
      handle = video.requestVideoFrameCallback(next);
      show();
    };
    handle = video.requestVideoFrameCallback(next);
    return () => video.cancelVideoFrameCallback(handle);
  }
  // A frame may show for longer than the screen takes to refresh.
  const { requestAnimationFrame, cancelAnimationFrame } = globalThis;
  const element = video as HTMLVideoElement;
  let time = element.currentTime;
  const next = () => {
    handle = requestAnimationFrame(next);
    if (element.currentTime !== time) show();
    time = element.currentTime;
  };
  handle = requestAnimationFrame(next);
  return () => cancelAnimationFrame(handle);
}

/** Whether a video has ended, its camera has, or its source was taken away. */
function isOver({ ended, networkState, NETWORK_EMPTY, srcObject }: HTMLVideoElement): boolean {
  if (srcObject && 'active' in srcObject && !srcObject.active) return true;
  return ended || networkState === NETWORK_EMPTY;
}

function failureOf(error: MediaError, { messageOf, VitError }: Kit): Error {
  return new VitError(
    'invalid-source',
    `The <video> could not be played (${messageOf(error.message || `code ${error.code}`)}); check its src.`,
    { cause: error },
  );
}
