// The worker's entry: bundled with one variant's glue into one file without imports.
import glue from 'vit-wasm-glue';
import type { Port, Reply, Request } from './protocol.js';
import { serve } from './serve.js';

serve(self as unknown as Port<Reply, Request>, glue);
