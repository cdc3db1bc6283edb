// The five bars, the times, and what a screen reader hears of them.
const element = (id) => document.getElementById(id);

const percent = (probability) => `${(100 * probability).toFixed(1)} %`;
const milliseconds = (time) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

/** Dims the answers to the last picture until the new ones are there. */
export function showWaiting() {
  element('answers').classList.add('stale');
  element('picture-error').hidden = true;
}

/** Highest first. The rows are used again, so that the bars grow and shrink instead of jumping. */
export function showAnswers(predictions) {
  const list = element('answers');
  while (list.children.length > predictions.length) list.lastElementChild.remove();
  while (list.children.length < predictions.length) list.append(newRow());
  list.classList.remove('stale');
  predictions.forEach(({ label, probability }, at) => {
    const row = list.children[at];
    row.querySelector('.label').textContent = label;
    row.querySelector('.percent').textContent = percent(probability);
    // From the next frame on, because a bar that was only just added would not move.
    requestAnimationFrame(() => row.querySelector('i').style.setProperty('--share', probability));
  });
  element('spoken').textContent = predictions
    .map(({ label, probability }) => `${label}, ${percent(probability)}`)
    .join('; ');
}

function newRow() {
  const create = (tag, className, ...children) => {
    const created = Object.assign(document.createElement(tag), { className });
    created.append(...children);
    return created;
  };
  const line = create('div', 'line', create('span', 'label'), create('span', 'percent'));
  return create('li', '', line, create('div', 'bar', create('i', '')));
}

/** Both in milliseconds. */
export function showTimes(decode, classify) {
  element('time-decode').textContent = milliseconds(decode);
  element('time-classify').textContent = milliseconds(classify);
}

export function showPictureError(message) {
  element('answers').replaceChildren();
  element('spoken').textContent = '';
  element('picture-error').textContent = message;
  element('picture-error').hidden = false;
}
