import { showAnswers } from './show-answers.js';

showAnswers(window.vitWasm.load);
