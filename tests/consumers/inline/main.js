import { load } from 'vit-wasm/inline';
import { showAnswers } from './show-answers.js';

showAnswers(load);
