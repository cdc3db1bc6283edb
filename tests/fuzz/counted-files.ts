import { openFile, type OpenFile } from '../../web/checkpoint/files/source.js';

/** Opens files as a load does, and knows how many are open. */
export class CountedFiles {
  open = 0;

  readonly opener: OpenFile = async (location, name, signal) => {
    const stream = await openFile(location, name, signal);
    if (!stream) return undefined;
    this.open++;
    let isOpen = true;
    const end = () => {
      if (isOpen) this.open--;
      isOpen = false;
    };
    return {
      async next() {
        const piece = await stream.next();
        if (!piece) end();
        return piece;
      },
      async cancel(reason) {
        end();
        return await stream.cancel(reason);
      },
    };
  };
}
