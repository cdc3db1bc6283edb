import { describe, expect, it } from '@jest/globals';

import { locateModel, parseModelName, type Place } from '../../web/checkpoint/locate.js';
import { locationOf } from '../../web/checkpoint/files/model-files.js';
import type { LoadOptions } from '../../web/types.js';

const onPage = (place: string): Place => ({
  kind: 'url',
  url: new URL(place, 'https://example.org/app/page.html').href,
});
const onDisk = (path: string): Place => ({ kind: 'path', path });

type Location = Parameters<typeof locateModel>[0];

/** Where the three files of a model would be. */
function addresses(model: Location, options: LoadOptions = {}, place = onPage): unknown[] {
  const files = locateModel(model, options, place);
  return [files.weights, 'config.json'].map((name) => {
    const location = locationOf(files, name);
    if (location?.kind === 'url') return location.url;
    return location?.kind === 'path' ? location.path : location?.kind;
  });
}

describe('a string', () => {
  it.each(['facebook/deit-tiny-patch16-224', 'a/b', 'Org_1/model.v2', '_/_'])(
    '%s is a Hub repository',
    (text) => {
      expect(parseModelName(text)).toEqual({ kind: 'hub', text });
    },
  );

  it.each([
    '/',
    '/models/x/',
    './x',
    '../x/y/z',
    './a/b',
    'file:///tmp/x/',
    'http://host/x',
    'https://host/a/b/',
  ])('%s is a place', (text) => {
    expect(parseModelName(text)).toEqual({ kind: 'place', text });
  });

  it.each([
    '',
    'vit',
    'a/b/c',
    'models/x',
    'datasets/x',
    'a/b/',
    '.hidden/b',
    'a b/c',
    'ftp://host/x',
    'C:\\models',
    '~/models',
    'a/..',
  ])('"%s" is neither, and the error shows both spellings', (text) => {
    expect(() => parseModelName(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringMatching(/is neither .*"owner\/name".*"\.\/.*\/"/),
      }),
    );
  });
});

describe('a Hub repository', () => {
  it('is at the Hub', () => {
    expect(addresses('owner/name')).toEqual([
      'https://huggingface.co/owner/name/resolve/main/model.safetensors',
      'https://huggingface.co/owner/name/resolve/main/config.json',
    ]);
  });

  it('may be of another revision and at another host', () => {
    expect(addresses('owner/name', { revision: 'refs/pr/1', host: 'https://mirror.example.org/' })).toEqual([
      'https://mirror.example.org/owner/name/resolve/refs%2Fpr%2F1/model.safetensors',
      'https://mirror.example.org/owner/name/resolve/refs%2Fpr%2F1/config.json',
    ]);
  });

  it('is sent no token unencrypted, but on this machine', () => {
    const at = (host: string) => () => locateModel('owner/name', { token: 'secret', host }, onPage);
    expect(at('http://hub.example')).toThrow(
      'The token would travel unencrypted to http://hub.example; use an https: address for `host`, or leave `token` out.',
    );
    expect(at('http://localhost:8080')).not.toThrow();
    expect(at('http://127.0.0.1:8080')).not.toThrow();
  });

  it('is sent the token, and only if there is one', () => {
    const headers = (options: LoadOptions) => locateModel('owner/name', options, onPage).folder;
    expect(headers({ token: 'secret' })).toMatchObject({ headers: { Authorization: 'Bearer secret' } });
    expect(headers({})).not.toHaveProperty('headers');
    expect(locateModel('./x/', { token: 'secret' }, onPage).folder).not.toHaveProperty('headers');
  });
});

describe("the address of a Hub's page", () => {
  const at = (path: string) => `https://huggingface.co/owner/name/resolve/${path}`;

  it.each([
    ['https://huggingface.co/owner/name', 'main/', 'model.safetensors'],
    ['https://huggingface.co/owner/name/', 'main/', 'model.safetensors'],
    ['https://hf.co/owner/name', 'main/', 'model.safetensors'],
    ['https://huggingface.co/owner/name/tree/main', 'main/', 'model.safetensors'],
    ['https://huggingface.co/owner/name/tree/refs%2Fpr%2F1', 'refs%2Fpr%2F1/', 'model.safetensors'],
    ['https://huggingface.co/owner/name/tree/v1/small', 'v1/small/', 'model.safetensors'],
    ['https://huggingface.co/owner/name/blob/main/config.json', 'main/', 'model.safetensors'],
    ['https://huggingface.co/owner/name/blob/v1/a/vit.safetensors#L1', 'v1/a/', 'vit.safetensors'],
    ['https://huggingface.co/owner/name/resolve/main/', 'main/', 'model.safetensors'],
    ['https://huggingface.co/owner/name/resolve/v1/vit.npz?download=true', 'v1/', 'vit.npz'],
    ['https://huggingface.co/owner/name/resolve/%E0%A4/', '%E0%A4/', 'model.safetensors'],
  ])('%s is the repository', (address, folder, weights) => {
    const { folder: place } = locateModel(address, { token: 'secret' }, onPage);
    expect(place).toMatchObject({ url: at(folder), headers: { Authorization: 'Bearer secret' } });
    expect(locateModel(new URL(address), {}, onPage).weights).toBe(weights);
    expect(addresses(address)[0]).toBe(at(folder + weights));
  });

  it('takes the revision of the option before its own', () => {
    const address = 'https://huggingface.co/owner/name/tree/main';
    expect(addresses(address, { revision: 'v2' })[1]).toBe(at('v2/config.json'));
  });

  it.each([
    'https://huggingface.co/datasets/owner/name',
    'https://huggingface.co/gpt2',
    'https://huggingface.co/owner/name/discussions/1',
    'https://huggingface.co.example.org/owner/name/tree/main',
    'https://mirror.example.org/owner/name/tree/main',
  ])('is not %s, which is sent no token', (address) => {
    expect(locateModel(address, { token: 'secret' }, onPage).folder).toEqual({
      kind: 'url',
      url: `${address}/`,
    });
  });

  it('is at the host of the option, if there is one', () => {
    const options = { host: 'https://mirror.example.org' };
    expect(addresses('https://mirror.example.org/owner/name/tree/main', options)[1]).toBe(
      'https://mirror.example.org/owner/name/resolve/main/config.json',
    );
  });
});

describe('a place', () => {
  it.each(['config.json', 'preprocessor_config.json'])('may be named by its %s', (name) => {
    expect(addresses(`./x/${name}?v=2`)).toEqual(addresses('./x/'));
    expect(addresses(`/x/${name}`, {}, onDisk)).toEqual(addresses('/x/', {}, onDisk));
  });

  it.each([
    ['/models/x/', 'https://example.org/models/x/'],
    ['./x', 'https://example.org/app/x/'],
    ['../x/', 'https://example.org/x/'],
    ['https://cdn.example.net/v1.2?key=1#top', 'https://cdn.example.net/v1.2/'],
  ])('%s is a folder', (text, folder) => {
    expect(addresses(text)).toEqual([`${folder}model.safetensors`, `${folder}config.json`]);
    expect(addresses(new URL(onPage(text).kind === 'url' ? folder : ''))).toEqual(addresses(text));
  });

  it('may be one weights file, with its query, and the others beside it without', () => {
    expect(addresses('./x/vit.safetensors?key=1')).toEqual([
      'https://example.org/app/x/vit.safetensors?key=1',
      'https://example.org/app/x/config.json',
    ]);
  });

  it('may be a path', () => {
    expect(addresses('/models/x', {}, onDisk)).toEqual([
      '/models/x/model.safetensors',
      '/models/x/config.json',
    ]);
    expect(addresses('/models/x/a.safetensors', {}, onDisk)).toEqual([
      '/models/x/a.safetensors',
      '/models/x/config.json',
    ]);
  });
});

describe('files', () => {
  const file = (name: string) => new File(['{}'], name);

  it('are taken by their names', () => {
    const files = [file('config.json'), file('my.safetensors'), file('notes.txt')];
    expect(addresses(files)).toEqual(['bytes', 'bytes']);
    expect(locateModel(files, {}, onPage).weights).toBe('my.safetensors');
  });

  it('with several weights need one named model.safetensors', () => {
    const files = [file('a.safetensors'), file('b.safetensors')];
    expect(locateModel([...files, file('model.safetensors')], {}, onPage).weights).toBe('model.safetensors');
    expect(() => locateModel(files, {}, onPage)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining('2 .safetensors'),
      }),
    );
  });

  it.each(['pytorch_model.bin', 'model.pth', 'model.onnx', 'model.tflite', 'model.gguf', 'model.h5'])(
    'with %s only are refused',
    (name) => {
      expect(() => locateModel([file('config.json'), file(name)], {}, onPage)).toThrow(
        expect.objectContaining({
          code: 'unsupported-format',
          message: expect.stringContaining(`${name} is a`),
        }),
      );
    },
  );
});

describe('files in folders', () => {
  const at = (path: string) =>
    Object.defineProperty(new File(['{}'], path.split('/').at(-1) ?? ''), 'webkitRelativePath', {
      value: path,
    });

  it('are those of the topmost folder with a config.json', () => {
    const files = ['vit/onnx/config.json', 'vit/onnx/model.onnx', 'vit/config.json', 'vit/model.safetensors'];
    const { listed, weights } = locateModel(files.map(at), {}, onPage);
    expect(Object.keys(listed ?? {})).toEqual(['config.json', 'model.safetensors']);
    expect(weights).toBe('model.safetensors');
  });

  it('may be anywhere, but only one model', () => {
    const files = ['a/b/config.json', 'a/b/x.safetensors', 'a/c/d/y.safetensors'];
    expect(locateModel(files.map(at), {}, onPage).weights).toBe('x.safetensors');
    const two = ['a/b/config.json', 'a/c/config.json'];
    expect(() => locateModel(two.map(at), {}, onPage)).toThrow(
      expect.objectContaining({
        message: 'There are 2 models among the files, in a/b/ and a/c/; give one of them.',
      }),
    );
  });
});

describe('anything else', () => {
  it.each([
    [7],
    [null],
    [{}],
    [{ weights: 'text', config: {} }],
    [{ weights: new Uint8Array(), config: 'text' }],
  ])('%j is refused', (model) => {
    expect(() => locateModel(model as unknown as Location, {}, onPage)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
