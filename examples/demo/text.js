// The words of the page. English is written where it is shown, in the page and in calls of `t`; another language is one
// table from English to it.
import { link } from './link.js';

const tables = { zh: () => import('./zh.js') };
const kept = 'vit-wasm-language';

function wanted() {
  const asked = link.get('lang') ?? stored();
  return asked ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');
}

/** Where storage is forbidden nothing is remembered. */
function stored() {
  try {
    return localStorage.getItem(kept);
  } catch {
    return null;
  }
}

export const language = wanted() === 'zh' ? 'zh' : 'en';
const { default: table, faults } = language in tables ? await tables[language]() : { default: {} };

/** A sentence in the visitor's language; `{name}` in it becomes the value of that name. */
export function t(english, values = {}) {
  return (table[english] ?? english).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What went wrong: the library's own sentence, after one in the visitor's language for its kind. */
export function sentenceOf({ code, message }) {
  return faults && code in faults ? `${faults[code]} (${message})` : message;
}

/** Translates what the page itself says: the text of `data-t`, and the attributes of `data-t-…`. */
export function translate(root) {
  if (language === 'en') return;
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll('[data-t]'))
    node.textContent = t(node.textContent.replace(/\s+/g, ' ').trim());
  for (const attribute of ['aria-label', 'placeholder']) {
    for (const node of root.querySelectorAll(`[data-t-${attribute}]`)) {
      node.setAttribute(attribute, t(node.getAttribute(attribute)));
    }
  }
}

/** The page begins again in the other language; the link brings everything else back. */
export function changeLanguage() {
  const other = language === 'zh' ? 'en' : 'zh';
  try {
    localStorage.setItem(kept, other);
  } catch {
    // The link says it, too.
  }
  link.set({ lang: other });
  location.reload();
}
