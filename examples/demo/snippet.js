// Code for what the visitor just did, to be copied.
import { create, element } from './dom.js';
import { link } from './link.js';
import { session } from './session.js';
import { codeFor } from './snippet-code.js';
import { t } from './text.js';

const places = { plain: t('A plain page'), vite: 'Vite', react: 'React' };

export function startSnippet() {
  const choices = Object.entries(places).map(([value, name]) =>
    create(
      'label',
      {},
      create('input', { type: 'radio', name: 'for', value, checked: value === 'plain' }),
      create('span', {}, name),
    ),
  );
  element('snippet').append(
    create(
      'fieldset',
      { className: 'choices' },
      create('legend', { className: 'unseen' }, t('Where the code is to run')),
      ...choices,
    ),
    create('pre', { tabIndex: 0, aria: { label: t('Code') } }, create('code', { id: 'code' })),
    create('button', { type: 'button', className: 'quiet', id: 'copy' }, t('Copy')),
    create('span', { className: 'hint', id: 'copied', role: 'status' }),
  );
  for (const type of ['tab', 'view', 'model', 'answers', 'words']) session.on(type, fill);
  // Every switch of the page may be part of the code.
  document.addEventListener('change', fill);
  element('copy').addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(element('code').textContent);
      element('copied').textContent = t('Copied.');
    } catch {
      element('copied').textContent = t('This browser does not let the page copy; select the code instead.');
    }
  });
  fill();
}

function fill() {
  // Of a tab that is still being fetched, the form is not there yet.
  const look = element('look-form')?.elements;
  const [x, y] = (link.get('patch') ?? '3,5').split(',').map(Number);
  element('code').textContent = codeFor({
    where: element('snippet').querySelector('input:checked').value,
    tab: look || session.tab !== 'look' ? session.tab : 'classify',
    info: session.model?.info,
    view: look?.look.value,
    layer: look?.layer.value - 1,
    head: look?.head.value,
    rollout: look?.rollout.checked,
    patch: { x, y },
  });
  element('copied').textContent = '';
}
