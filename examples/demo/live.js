// What the open tab asks of a frame of the camera, and what it does with the answer.
import { answersWithClasses } from './ask.js';
import { liveView } from './look/look.js';
import { session } from './session.js';

/** Tabs that have a question of their own for frames: `{ answer, put }` by the tab's name. */
const questions = {};

export function askInTab(tab, question) {
  questions[tab] = question;
}

const classes = {
  async answer(frame, options) {
    const { model } = session;
    const answers = answersWithClasses()
      ? await model.classify(frame, { topK: model.info.classes, ...options })
      : [];
    return { answers, view: await liveView.ask(frame, options) };
  },
  put({ answers, view }) {
    session.tell('frame', { answers });
    liveView.put(view);
  },
};

export const liveQuestion = {
  async answer(frame, options) {
    const question = questions[session.tab] ?? classes;
    return { question, value: await question.answer(frame, options) };
  },
  put({ question, value }) {
    question.put(value);
  },
};
