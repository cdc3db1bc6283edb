// What is done with a picture, or instead of one: the camera, drawing, a part of it, saving it. Fetched when the first
// of them is used.
import { startSaving } from '../look/save.js';
import { liveQuestion } from '../live.js';
import { startCamera } from './camera.js';
import { startCrop } from './crop.js';
import { startDrawing } from './drawing.js';
import { startSnapshot } from './snapshot.js';

startCamera(liveQuestion);
startCrop();
startDrawing();
startSnapshot();
startSaving();
