// Weights that the Hub's own bot has converted to safetensors and proposed in a pull request, where a repository's main
// branch has none: transformers loads those, too.
import { hasCode, VitError } from '../errors.js';
import { ByteReader } from './files/byte-reader.js';
import { parseJson } from './files/json.js';
import { weightsName, type ModelFiles } from './files/model-files.js';
import type { OpenFile } from './files/source.js';

/** What transformers looks for: https://github.com/huggingface/transformers, safetensors_conversion.py. */
const title = 'Adding `safetensors` variant of this model';
const bot = 'SFconvertbot';

interface Discussion {
  readonly num: number;
  readonly title: string;
  readonly status: string;
  readonly isPullRequest: boolean;
  readonly author?: { readonly name?: string } | null;
}

/**
 * The same files with the weights of the repository's open conversion pull request; undefined when there is none, or
 * when they are no repository's. Several are an error: any could be the right one.
 */
export async function convertedFiles(
  files: ModelFiles,
  open: OpenFile,
  signal: AbortSignal = new AbortController().signal,
): Promise<ModelFiles | undefined> {
  const { hub, folder } = files;
  if (!hub || folder?.kind !== 'url') return undefined;
  const url = `${hub.host}/api/models/${hub.id}/discussions?type=pull_request&status=open&author=${bot}`;
  const stream = await open({ ...folder, url }, 'discussions', signal).catch((error: unknown) => {
    if (hasCode(error, 'not-found')) return undefined;
    throw error;
  });
  if (!stream) return undefined;
  const bytes = await new ByteReader(stream, url, signal).read(Infinity);
  const { discussions } = parseJson(bytes, url, 'unreadable');
  const found = Array.isArray(discussions) ? (discussions as Discussion[]).filter(isConversion) : [];
  if (found.length === 0) return undefined;
  const revisions = found.map(({ num }) => `refs/pr/${num}`);
  if (revisions.length > 1) {
    throw new VitError(
      'not-found',
      `${hub.id} has no ${weightsName}, and ${revisions.length} pull requests that would add one; choose one by ` +
        `\`revision\`: ${revisions.join(', ')}.`,
    );
  }
  return withWeightsOf(files, revisions[0]);
}

/** The same files with the weights of a revision of their repository; undefined when they are no repository's. */
export function withWeightsOf(files: ModelFiles, revision: string): ModelFiles | undefined {
  const { hub, folder } = files;
  if (!hub || folder?.kind !== 'url') return undefined;
  const url = `${hub.host}/${hub.id}/resolve/${encodeURIComponent(revision)}/${weightsName}`;
  return { ...files, listed: { ...files.listed, [weightsName]: { ...folder, url } }, revision };
}

function isConversion(discussion: Discussion | null): boolean {
  return (
    discussion?.title === title &&
    discussion.status === 'open' &&
    discussion.isPullRequest &&
    discussion.author?.name === bot &&
    Number.isSafeInteger(discussion.num)
  );
}
