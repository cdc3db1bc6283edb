// Which patches speak for a class, and which against it.
import { button, element, show } from '../dom.js';
import { link } from '../link.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { drawMap } from './overlay.js';

let refreshView;
/** The number of the class that the visitor, or the link, asked about; otherwise the best is explained. */
let picked = link.get('class') === null ? undefined : Number(link.get('class'));

const explained = () =>
  session.answers?.slice(0, 5).find(({ index }) => index === picked) ?? session.answers?.[0];

export const why = {
  live: true,

  start(refresh) {
    refreshView = refresh;
  },

  open() {
    show('why-classes', true);
    const now = explained();
    const chips = (session.answers ?? []).slice(0, 5).map((answer) => {
      const chip = button(answer.label, () => {
        picked = answer.index;
        link.set({ class: picked });
        this.open();
        void refreshView();
      });
      chip.setAttribute('aria-pressed', answer.index === now?.index);
      return chip;
    });
    const focused = [...element('why-classes').children].indexOf(document.activeElement);
    element('why-classes').replaceChildren(...chips);
    chips[focused]?.focus();
  },

  close() {
    show('why-classes', false);
  },

  async ask(model, source, options) {
    const answer = explained();
    if (!answer) return undefined;
    return { answer, map: await model.explain(source, answer.index, options) };
  },

  draw({ answer, map }, size) {
    drawMap(map, size);
    return t(
      'Orange patches speak for “{label}”, blue ones against it. Choose another answer to see its evidence.',
      {
        label: answer.label,
      },
    );
  },
};
