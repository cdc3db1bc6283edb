// The worker's entry for scripts that have everything inside: as worker.ts, with what few models need.
import glue from 'vit-wasm-glue';
import type { Port, Reply, Request } from './runtime/protocol.js';
import * as rare from './runtime/rare.js';
import { serve } from './runtime/serve.js';

serve(self as unknown as Port<Reply, Request>, glue, () => Promise.resolve(rare));
