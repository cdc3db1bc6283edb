// Which class was taken for which.
import { create } from '../dom.js';
import { t } from '../text.js';

/** `confusion[true class][predicted class]`: how many examples. */
export function confusionTable(labels, confusion) {
  const head = create(
    'tr',
    {},
    create('th', { scope: 'col' }, t('is ↓, taken for →')),
    ...labels.map((label) => create('th', { scope: 'col' }, label)),
  );
  const rows = confusion.map((counts, at) => {
    const all = counts.reduce((sum, count) => sum + count, 0) || 1;
    const cells = counts.map((count) => {
      const cell = create('td', {}, `${count}`);
      cell.style.setProperty('--part', count / all);
      return cell;
    });
    return create('tr', {}, create('th', { scope: 'row' }, labels[at]), ...cells);
  });
  return create('table', { className: 'confusion' }, create('thead', {}, head), create('tbody', {}, ...rows));
}
