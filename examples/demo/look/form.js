// The switches of the Look inside tab, and the places for what they show.
import { create } from '../dom.js';
import { t } from '../text.js';

const views = {
  attention: 'Attention',
  why: 'Why?',
  similar: 'Similar patches',
  colors: 'Colors',
  seen: 'As the model sees it',
  layers: 'Layer by layer',
  map: 'Map of this visit',
};

export function lookForm() {
  const choices = Object.entries(views).map(([value, name]) =>
    create('label', {}, create('input', { type: 'radio', name: 'look', value }), create('span', {}, t(name))),
  );
  const layer = create('input', { type: 'range', id: 'layer', min: 1, max: 12, value: 12 });
  const layers = create(
    'div',
    { className: 'layers', id: 'layers', hidden: true },
    create('label', {}, `${t('Layer')} `, layer),
    create('output', { id: 'layer-number' }),
    create('label', {}, `${t('Attention head')} `, create('select', { id: 'head', className: 'field' })),
    create(
      'label',
      {},
      create('input', { type: 'checkbox', id: 'rollout' }),
      ` ${t('All layers up to it (rollout)')}`,
    ),
  );
  return [
    create(
      'form',
      { id: 'look-form' },
      create(
        'fieldset',
        { className: 'choices' },
        create('legend', { className: 'unseen' }, t('What to show')),
        ...choices,
      ),
      layers,
      create('div', {
        className: 'chips',
        id: 'why-classes',
        role: 'group',
        aria: { label: t('Which class to explain') },
        hidden: true,
      }),
    ),
    create('p', { className: 'explained', id: 'look-text', role: 'status' }),
    create('p', { className: 'error', id: 'look-error', role: 'alert', hidden: true }),
    create('div', { className: 'figure', id: 'figure' }),
  ];
}
