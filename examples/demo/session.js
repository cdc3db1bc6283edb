// What the page is about now: one model, one picture, the answers. Whoever changes it says so; the others listen.

class Session extends EventTarget {
  /** The model in use, and what the visitor calls it; undefined until the first is loaded. */
  model;
  modelName;
  /** Whether it is only the first glance, until the built-in one is loaded. */
  isGlance = false;
  /** What is looked at: see inputs/picture.js. Undefined before the first. */
  picture;
  /** A part of the picture, in its pixels; undefined: all of it. */
  region;
  /** All classes of the picture in their order, most probable first. */
  answers;
  /** The camera's state: whether its frames are shown instead of the picture. */
  live = false;
  /** The tab that is open. */
  tab = 'classify';

  /** `type` is one of: model, picture, refused, region, answers, frame, live, tab, view, words, examples. */
  on(type, listener) {
    this.addEventListener(type, () => listener());
  }

  tell(type, changes = {}) {
    Object.assign(this, changes);
    this.dispatchEvent(new Event(type));
  }
}

export const session = new Session();
