import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

const DOCS = join(import.meta.dirname, '..');
const PROJECT = join(DOCS, '..');

/**
 * A link from a page to a file outside of docs/ leads to that file in the repository, at the commit that is built.
 * Where the repository is not known, which is everywhere but in its workflow, there is no link, only its text.
 */
export function linkToRepository(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('link-to-repository', ({ tokens, env }) => {
    const inline = tokens.flatMap(({ children }) => children ?? []);
    for (const [index, token] of inline.entries()) {
      if (token.type !== 'link_open') continue;
      const file = outsideOfDocs(String(token.attrGet('href')), env.path);
      if (file === undefined) continue;
      const url = repositoryUrl(file);
      if (url !== undefined) {
        token.attrSet('href', url);
        continue;
      }
      token.attrs = null;
      token.tag = 'span';
      const close = inline.slice(index).find(({ type }) => type === 'link_close');
      if (close !== undefined) close.tag = 'span';
    }
  });
}

/** The path of the file within the project, with its fragment; undefined for a page, or another site. */
function outsideOfDocs(href: string, page: string): string | undefined {
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return undefined;
  const [path = '', fragment] = href.split('#', 2);
  const file = join(dirname(page), decodeURI(path));
  if (!relative(DOCS, file).startsWith('..')) return undefined;
  if (!existsSync(file)) throw new Error(`${relative(PROJECT, page)} has a dead link: ${href}`);
  const posixPath = relative(PROJECT, file).split(sep).join('/');
  return fragment === undefined ? posixPath : `${posixPath}#${fragment}`;
}

function repositoryUrl(file: string): string | undefined {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;
  if (GITHUB_REPOSITORY === undefined) return undefined;
  return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/blob/${GITHUB_SHA}/${file}`;
}
