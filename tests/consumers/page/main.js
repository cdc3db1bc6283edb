import { load } from 'vit-wasm';
import { showAnswers } from './show-answers.js';

showAnswers(load);
