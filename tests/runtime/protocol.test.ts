import { describe, expect, it } from '@jest/globals';

import { VitError } from '../../web/errors.js';
import { packError, unpackError } from '../../web/runtime/protocol.js';

describe('an error that crosses the boundary', () => {
  /** As it comes out on the other side. */
  const crossed = (error: unknown) => unpackError(structuredClone(packError(error)));

  it('keeps its class, code and causes', () => {
    const root = new RangeError('too far');
    const middle = new TypeError('no such thing', { cause: root });
    const error = crossed(new VitError('truncated', 'It ends.', { cause: middle }));
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({ name: 'VitError', code: 'truncated', message: 'It ends.' });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect((error.cause as Error).cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).cause).toMatchObject({ message: 'too far', stack: root.stack });
  });

  it.each([new SyntaxError('s'), new RangeError('r'), new Error('plain')])(
    'keeps the class of %s',
    (original) => {
      const error = crossed(original);
      expect(error.constructor).toBe(original.constructor);
      expect(error).toMatchObject({ name: original.name, message: original.message });
    },
  );

  it('keeps a DOMException', () => {
    const error = crossed(new DOMException('stop', 'AbortError'));
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'AbortError', message: 'stop' });
  });

  it('keeps the name of a class that is not known here', () => {
    expect(crossed(new WebAssembly.RuntimeError('unreachable'))).toMatchObject({
      name: 'RuntimeError',
      message: 'unreachable',
    });
  });

  it('is made of what was thrown, if that was no error', () => {
    expect(crossed('just words')).toMatchObject({ name: 'Error', message: 'just words' });
  });
});
