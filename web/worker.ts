// The worker's entry: bundled with one variant's glue into one file without imports. Glue with threads starts helper
// threads from this same file, under a name by which it knows what to do there; then there is nothing to serve.
import glue from 'vit-wasm-glue';
import { fetchRare } from './runtime/fetch-rare.js';
import type { Port, Reply, Request } from './runtime/protocol.js';
import { serve } from './runtime/serve.js';

if (self.name !== 'em-pthread') serve(self as unknown as Port<Reply, Request>, glue, fetchRare);
