// The rows of the classes that are taught: a name, how many examples, and the ways to give more.
import { button, create, element } from '../dom.js';
import { t } from '../text.js';
import { recordWhileHeld } from './recorder.js';

/** A row for a class. `actions` has `add(row, sources)`, `rename(row, name)` and `remove(row)`. */
export function classRow(name, actions) {
  const field = create('input', { className: 'field', value: name, aria: { label: t('Name of the class') } });
  const count = create('output', { className: 'count' }, '0');
  const row = create('div', { className: 'teach-class' });
  const hold = button(t('Hold to record'), () => {}, {
    title: t('Frames of the camera, or the picture shown'),
  });
  recordWhileHeld(hold, (source) => actions.add(row, [source]));
  const files = create('input', { type: 'file', accept: 'image/*', multiple: true, className: 'unseen' });
  files.addEventListener('change', () => {
    const chosen = [...files.files];
    files.value = '';
    void actions.add(row, chosen);
  });
  const choose = create('label', { className: 'button quiet' }, files, create('span', {}, t('Pictures')));
  const remove = button('×', () => actions.remove(row), {
    title: t('Remove'),
    aria: { label: t('Remove {name}', { name }) },
  });
  field.addEventListener('change', () => actions.rename(row, field.value));
  row.append(field, count, hold, choose, remove);
  row.dataset.teach = name;
  Object.assign(row, { field, count });
  return row;
}

export const rows = () => [...element('teach-classes').children];
export const rowOf = (name) => rows().find((row) => row.field.value.trim() === name);
