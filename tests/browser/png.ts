import { crc32, deflateSync } from 'node:zlib';

import type { TestImage } from '../golden/noise.js';
