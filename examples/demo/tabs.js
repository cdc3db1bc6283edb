// Tabs as the ARIA practices describe them: one is in the tab order, arrows move among them.
import { element, laterStyle } from './dom.js';
import { link } from './link.js';
import { session } from './session.js';

/** Parts of the page that are fetched when their tab is first opened. */
const parts = {
  look: () => import('./look/look.js'),
  words: () => import('./words.js'),
  teach: () => import('./teach/teach.js'),
  compare: () => import('./compare/compare.js'),
  python: () => import('./python/python.js'),
};
const started = new Set();

const tabs = () => [...element('tabs').children];
const nameOf = (tab) => tab.getAttribute('aria-controls');

export function startTabs() {
  element('tabs').addEventListener('click', ({ target }) => {
    const tab = target.closest('[role=tab]');
    if (tab) open(nameOf(tab));
  });
  element('tabs').addEventListener('keydown', (event) => {
    const all = tabs();
    const at = all.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + all.length, Home: 0, End: all.length - 1 }[
      event.key
    ];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const tab = all[to % all.length];
    tab.focus();
    open(nameOf(tab));
  });
  const asked = link.get('tab');
  open(tabs().some((tab) => nameOf(tab) === asked) ? asked : 'classify');
}

export function open(name) {
  for (const tab of tabs()) {
    const chosen = nameOf(tab) === name;
    tab.setAttribute('aria-selected', chosen);
    tab.tabIndex = chosen ? 0 : -1;
    element(nameOf(tab)).hidden = !chosen;
    // Into view where the row is too long; `scrollIntoView` would move the page, too.
    if (chosen) element('tabs').scrollLeft = tab.offsetLeft - element('tabs').clientWidth / 3;
  }
  link.set({ tab: name === 'classify' ? undefined : name });
  if (name in parts && !started.has(name)) {
    started.add(name);
    void Promise.all([parts[name](), laterStyle()]).then(([part]) => part.start(element(name)));
  }
  session.tell('tab', { tab: name });
}
