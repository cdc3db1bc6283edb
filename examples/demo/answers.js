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
  predictions.forEach(({ label, probability, index }, at) => {
    const row = list.children[at];
    const name = row.querySelector('.label');
    name.textContent = label;
    name.dataset.index = index;
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
  const name = create('button', 'label');
  name.type = 'button';
  name.title = 'Which patches speak for this answer?';
  const line = create('div', 'line', name, create('span', 'percent'));
  return create('li', '', line, create('div', 'bar', create('i', '')));
}

/** Both in milliseconds. */
export function showTimes(decode, classify) {
  element('rate').textContent = '';
  element('time-decode').textContent = milliseconds(decode);
  element('time-classify').textContent = milliseconds(classify);
}

/** Of the camera: answers per second, and how many milliseconds old each is. */
export function showRate(fps, latency) {
  element('rate').textContent = `${fps.toFixed(1)} answers per second, each ${milliseconds(latency)} old`;
}

export function showPictureError(message) {
  element('answers').replaceChildren();
  element('spoken').textContent = '';
  element('picture-error').textContent = message;
  element('picture-error').hidden = false;
}
