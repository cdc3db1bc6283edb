// How the answer forms: what the model would say if each of its layers were the last (the logit lens).
import { lineChart } from '../chart.js';
import { create, element, percent } from '../dom.js';
import { session } from '../session.js';
import { t } from '../text.js';

export const layers = {
  ask(model, source, options) {
    if (!session.answers?.length)
      return Promise.reject(new Error(t('This model has no classes to answer with.')));
    return model.logitLens(source, { ...options, topK: model.info.classes });
  },

  draw(answers) {
    const final = answers.at(-1).predictions.slice(0, 5);
    const lines = final.map(({ label, index }) => ({
      name: label,
      values: answers.map(
        ({ predictions }) => predictions.find((one) => one.index === index)?.probability ?? 0,
      ),
    }));
    const label = t('Probability of the final five answers after each layer');
    const legend = create(
      'ul',
      { className: 'legend' },
      ...lines.map(({ name }, at) => create('li', { className: `s${at}` }, name)),
    );
    const rows = answers.map(({ layer, predictions: [best] }) =>
      create(
        'tr',
        {},
        create('th', { scope: 'row' }, `${layer + 1}`),
        create('td', {}, best.label),
        create('td', { className: 'percent' }, percent(best.probability)),
      ),
    );
    const head = create(
      'tr',
      {},
      ...[t('Layer'), t('First answer'), ''].map((text) => create('th', { scope: 'col' }, text)),
    );
    element('figure').replaceChildren(
      lineChart(lines, { label, across: t('layer') }),
      legend,
      create('table', {}, create('thead', {}, head), create('tbody', {}, ...rows)),
    );
    const settled = answers.findIndex((_, at) =>
      answers.slice(at).every(({ predictions }) => predictions[0].index === final[0].index),
    );
    return t('“{label}” comes first from layer {layer} on, and stays.', {
      label: final[0].label,
      layer: settled + 1,
    });
  },
};
