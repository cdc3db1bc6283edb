// Small things that every part of the page needs.

export const element = (id) => document.getElementById(id);

/** A new element with properties, and children: elements or text. `data` and `aria` are tables of attributes. */
export function create(tag, { data = {}, aria = {}, role, ...properties } = {}, ...children) {
  const created = Object.assign(document.createElement(tag), properties);
  if (role) created.setAttribute('role', role);
  Object.assign(created.dataset, data);
  for (const [name, value] of Object.entries(aria)) created.setAttribute(`aria-${name}`, value);
  created.append(...children);
  return created;
}

/** A button that does not submit anything. */
export const button = (text, action, properties = {}) => {
  const created = create('button', { type: 'button', className: 'quiet', ...properties }, text);
  created.addEventListener('click', action);
  return created;
};

export const percent = (probability) => `${(100 * probability).toFixed(1)} %`;
export const milliseconds = (time) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

let style;

/** Resolves once what the first view does not show has its looks. */
export function laterStyle() {
  return (style ??= new Promise((resolve) =>
    document.head.append(
      create('link', { rel: 'stylesheet', href: 'later.css', onload: resolve, onerror: resolve }),
    ),
  ));
}

export function show(id, visible) {
  element(id).hidden = !visible;
}

/** Shows a sentence in a place for errors; without one, hides the place. */
export function showError(id, sentence) {
  element(id).textContent = sentence ?? '';
  element(id).hidden = !sentence;
}

export function saveFile(blob, name) {
  const link = create('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  // Some browsers begin to read only after the click has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Calls `action` once no new call has come for `wait` milliseconds. */
export function debounce(action, wait) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}
