// What the open tab asks of a frame of the camera, and what it does with the answer.
import { answersWithClasses } from './ask.js';
import { session } from './session.js';

/** Tabs that have a question of their own for frames: `{ answer, put }` by the tab's name. */
const questions = {};

export function askInTab(tab, question) {
  questions[tab] = question;
}

/** The question of the other tabs: which classes, if the model has any. */
export const classes = {
  async answer(frame, options) {
    const { model } = session;
    return answersWithClasses() ? await model.classify(frame, { topK: model.info.classes, ...options }) : [];
  },
  put(answers) {
    session.tell('frame', { answers });
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
